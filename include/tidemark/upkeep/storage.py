"""How much is stored, and where."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from include.tidemark.artifacts.store import ArtifactRoot, date_of
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.query_tag import QueryTag


class Stored(BaseModel):
    """Bytes of one place."""

    model_config = ConfigDict(frozen=True)

    place: str
    files: int
    bytes: int


def stored(settings: Settings) -> list[Stored]:
    """Artifacts by month, what is not ours beside them, and the warehouse: the DuckDB file, or Snowflake's
    own count."""
    root = ArtifactRoot(settings)
    found: dict[str, list[int]] = {}
    for path, size in root.sizes().items():
        top = path.partition("/")[0]
        found.setdefault(
            f"{root.uri}/{top}" if date_of(top) else f"{root.uri} besides the months", []
        ).append(size)
    places = [
        Stored(place=place, files=len(sizes), bytes=sum(sizes)) for place, sizes in sorted(found.items())
    ]
    if settings.warehouse == "snowflake":
        places += _schemas(settings)
    else:
        wal = Path(f"{settings.duckdb_path}.wal")
        sizes = [file.stat().st_size for file in (settings.duckdb_path, wal) if file.exists()]
        places.append(Stored(place=str(settings.duckdb_path), files=len(sizes), bytes=sum(sizes)))
    return places


def _schemas(settings: Settings) -> list[Stored]:
    with open_warehouse(settings, QueryTag("none", "storage")) as warehouse:
        rows = warehouse.fetch(
            "select lower(table_schema) as name, count(*) as tables, coalesce(sum(bytes), 0) as bytes"
            " from information_schema.tables where table_type = 'BASE TABLE'"
            " and lower(table_schema) in ('raw', 'core', 'runs', 'control') group by lower(table_schema) order by 1"
        )
    return [
        Stored(place=f"tables of {row['name']}", files=int(row["tables"]), bytes=int(row["bytes"]))
        for row in rows
    ]
