"""An erasure that is stopped before any of its steps is completed by the same command, as if it had never
stopped."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from include.tidemark.artifacts.store import Folder
from include.tidemark.warehouse.duckdb import DuckDBWarehouse
from tests.erasure.conftest import FORGOTTEN, Book, in_folder

STEPS = (
    *((Folder, name) for name in ("write_bytes", "upload", "copy", "remove")),
    *((DuckDBWarehouse, name) for name in ("execute", "insert", "load_parquet")),
)
TABLES = ("runs.customer_segments", "raw.users", "control.erasures", "control.loads")
LEDGER = """
    select as_of_date, run_key, manifest_sha256,
        publication_id = max(publication_id) over (partition by as_of_date) as is_shown
    from control.publications
    qualify publication_id = max(publication_id) over (partition by run_key)
    order by all
"""


class Stopped(BaseException):
    """As a killed process: nothing catches it."""


def stopping(monkeypatch: pytest.MonkeyPatch, at: int) -> Callable[[], int]:
    """Let no step happen from this number on; returns what tells how many were begun."""
    begun = 0

    def guarded(step):
        def run(*arguments, **named):
            nonlocal begun
            begun += 1
            if begun >= at:
                raise Stopped
            return step(*arguments, **named)

        return run

    for owner, name in STEPS:
        monkeypatch.setattr(owner, name, guarded(getattr(owner, name)))
    return lambda: begun


def state(book: Book) -> dict[str, object]:
    """All that is kept, but for when the ledger's rows were written, and how many it took."""
    moments = {
        str(row["at"])
        for row in book.query(
            "select strftime(published_at, '%Y-%m-%dT%H:%M:%S') as at from control.publications"
        )
    }

    def timeless(data: bytes) -> bytes:
        for moment in moments:
            data = data.replace(moment.encode(), b"then")
        return data

    rows = {table: book.query(f"select * from {table} order by all") for table in TABLES}
    leftovers = book.query("select table_name from information_schema.tables where table_name like 'forget%'")
    files = {name: timeless(data) if name.endswith(".json") else data for name, data in book.files().items()}
    index = json.loads(files["index.json"])
    for month in index["months"]:
        del month["history"]  # it names the rows that it took
    files["index.json"] = json.dumps(index).encode()
    return {"files": files, "ledger": book.query(LEDGER), "leftovers": leftovers, **rows}


def test_stopped_before_each_step_it_is_completed_by_the_same_command(
    made_book: Path, tmp_path: Path
) -> None:
    # One run fewer, for the time that it takes: it goes through the same steps.
    unpublished = {f"run={in_folder(made_book).unpublished()}"}

    def copy(name: str) -> Book:
        shutil.copytree(
            made_book, tmp_path / name, ignore=lambda _, names: [n for n in names if n in unpublished]
        )
        return in_folder(tmp_path / name)

    whole = copy("whole")
    with pytest.MonkeyPatch.context() as patch:
        count = stopping(patch, at=10**9)
        whole.forget(*FORGOTTEN)
        steps = count()
    expected = state(whole)
    assert expected["leftovers"] == [] and steps > 40

    for step in range(1, steps + 1):
        book = copy(f"step-{step}")
        with pytest.MonkeyPatch.context() as patch:
            stopping(patch, at=step)
            with pytest.raises(Stopped):
                book.forget(*FORGOTTEN)
        book.forget(*FORGOTTEN)
        found = state(book)
        assert {key for key in expected if found[key] != expected[key]} == set(), f"after step {step}"
        assert book.not_verified() == []
        shutil.rmtree(book.folder)
