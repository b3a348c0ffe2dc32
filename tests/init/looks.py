"""Sources as they are after they were looked at, without any file."""

from collections.abc import Mapping, Sequence

from include.tidemark.init.seen import Look, SeenColumn
from include.tidemark.sources.kinds import Kind
from include.tidemark.sources.sources_file import CsvOptions

Cells = Sequence[str | None]


def look(
    named: str,
    columns: Mapping[str, Cells | tuple[Kind, Cells]],
    *,
    dialect: str = "duckdb",
    relation: bool = False,
    csv: bool = True,
) -> Look:
    """A CSV file, or a table of the warehouse, with these cells; text unless a kind is said."""
    seen = []
    for name, given in columns.items():
        kind, cells = given if isinstance(given, tuple) and isinstance(given[0], Kind) else (Kind.TEXT, given)
        seen.append(SeenColumn(name, kind, tuple(cells)))
    rows = len(seen[0].cells)
    if relation:
        return Look(named, dialect, tuple(seen), rows, None, relation=named)
    return Look(
        named,
        dialect,
        tuple(seen),
        rows,
        rows,
        files=named,
        format="csv" if csv else "ndjson",
        csv=CsvOptions() if csv else None,
    )


def ids(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def cycle(values: Sequence[str | None], count: int) -> list[str | None]:
    return [values[number % len(values)] for number in range(count)]
