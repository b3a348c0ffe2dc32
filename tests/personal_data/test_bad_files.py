"""A landing file that can't be read stops the run with a sentence, and nothing that it says holds what is in
a cell."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from include.tidemark.errors import TidemarkError
from include.tidemark.settings import Settings
from tests.personal_data.marked import is_marked, marked_settings, marked_tables, write_marked_files
from tests.personal_data.recorded import Said, run_and_listen, tables_of

TYPED = (
    "users.created_at", "users.is_test_user", "events.event_at", "events.session_seconds", "transactions.transaction_at",
    "transactions.amount_usd", "transactions.fee_usd",
)  # fmt: skip
FILLED = ("users.user_id", "events.event_id", "transactions.transaction_id", "transactions.user_id")
BAD = {
    "a word": "Zoë Qzmarked",
    "a word in quotes": """O'Qzmarked "Zoë", 'x'""",
    "a word on two lines": "O'Qzmarked\n2026-01-01",
    "a number and a word": "12 Qzmarked",
    "a moment and a word": "2026-01-01 10:00:00 Qzmarked",
}


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("landing")
    write_marked_files(folder, 100)
    return folder


@pytest.fixture
def deployment(landing: Path, tmp_path: Path) -> Settings:
    shutil.copytree(landing, tmp_path / "landing")
    return marked_settings(tmp_path)


def _change(settings: Settings, table: str, changes: str, kind: str, condition: str = "rowid = 7") -> Path:
    """Write a table's landing file again in a format, all its values as texts, some of them others."""
    folder = Path(settings.landing_url.removeprefix("file://"))
    with duckdb.connect() as engine:
        columns = f"select columns(*)::varchar from '{folder / table}.parquet' limit 500"
        engine.execute(f"create table t as {columns}")
        engine.execute(f"update t set {changes} where {condition}")
        (folder / f"{table}.parquet").unlink()
        file = folder / f"{table}.{kind}"
        options = {"csv": "format csv, header", "parquet": "format parquet", "ndjson": "format json"}[kind]
        engine.execute(f"copy t to '{file}' ({options})")
    if kind == "ndjson":
        (settings.config_dir / "sources.yml").write_text(
            f'{table}: {{files: "{file.name}"}}\n', encoding="utf-8"
        )
    return file


def _assert_stopped_without_a_mark(settings: Settings, said: Said) -> None:
    assert isinstance(said.error, TidemarkError), said.error
    assert "\n" not in str(said.error)
    found = {place: [text for text in texts if is_marked(text)] for place, texts in said.everything.items()}
    assert not any(found.values()), found
    assert marked_tables(tables_of(settings)) <= {"raw.users", "raw.events", "raw.transactions"}


@pytest.mark.parametrize("kind", ["csv", "parquet", "ndjson"])
@pytest.mark.parametrize("place", TYPED)
def test_a_value_that_does_not_fit_its_column_is_not_shown(
    deployment: Settings, place: str, kind: str
) -> None:
    table, column = place.split(".")
    # What is read by one piece of code whatever the format is tried in one.
    for name, value in BAD.items() if kind == "csv" else list(BAD.items())[1:3]:
        landed = Path(deployment.landing_url.removeprefix("file://")) / f"{table}.parquet"
        kept, quoted = landed.read_bytes(), value.replace("'", "''")
        file = _change(deployment, table, f"{column} = '{quoted}'", kind)
        said = run_and_listen(deployment)
        assert column in str(said.error), name
        _assert_stopped_without_a_mark(deployment, said)
        file.unlink()
        landed.write_bytes(kept)


def _headless(file: Path) -> None:
    file.write_bytes(file.read_bytes().split(b"\n", 1)[1])


def _cells(line: str) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(file.read_bytes() + line.encode() + b"\n")


def _replaced(old: bytes, new: bytes) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(file.read_bytes().replace(old, new, 1))


FAULTS: dict[str, Callable[[Path], object]] = {
    "no header": _headless,
    "a line of too many cells": _cells("Zoë Qzmarked,b,c,d,e,f,g,h,i,j"),
    "a line of too few cells": _cells("Zoë Qzmarked,b"),
    "a footer": _cells("Exported by Zoë Qzmarked"),
    "a quote that does not end": _cells('qzmarked-u1,"Zoë Qzmarked'),
    "a quote within a cell": _cells('qzmarked-u1,2026-01-01 00:00:00,ios,US,false,Zoë "Qzmarked" x,"a"b'),
    "an invalid byte": _replaced(b"zoe.qzmarked", b"zoe.\xff.qzmarked"),
    "a null byte": _replaced(b"zoe.qzmarked", b"zoe.\0.qzmarked"),
    "latin-1": lambda file: file.write_bytes(file.read_text(encoding="utf-8").encode("latin-1")),
    "utf-16": lambda file: file.write_bytes(file.read_text(encoding="utf-8").encode("utf-16")),
    "semicolons": lambda file: file.write_bytes(file.read_bytes().replace(b",", b";")),
    "compressed without saying so": lambda file: file.write_bytes(gzip.compress(file.read_bytes())),
    "a column of a name twice": _replaced(
        b"user_id,created_at", b"qzmarked@example.org,qzmarked@example.org"
    ),
    "a column of another name": _replaced(b"user_id,", b"qzmarked@example.org,"),
    "cut off": lambda file: file.write_bytes(file.read_bytes()[:-9]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_can_not_be_parsed_is_not_quoted(deployment: Settings, fault: str) -> None:
    file = _change(deployment, "users", "country = country", "csv")
    FAULTS[fault](file)
    _assert_stopped_without_a_mark(deployment, run_and_listen(deployment))


@pytest.mark.parametrize("place", FILLED)
def test_ids_that_are_missing_are_not_looked_for_in_what_stands_beside_them(
    deployment: Settings, place: str
) -> None:
    table, column = place.split(".")
    _change(deployment, table, f"{column} = null", "csv")
    _assert_stopped_without_a_mark(deployment, run_and_listen(deployment))
