"""Published fixture months."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from include.tidemark.artifacts.store import RunFolder
from include.tidemark.pipeline.publish import publish
from include.tidemark.rules import Rules, load_rules
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from tests.artifacts.months import MONTHS, make_run, make_settings, write_candidate


@dataclass(frozen=True)
class Book:
    """A warehouse and the runs that are published from it."""

    settings: Settings
    runs: dict

    @property
    def root(self) -> Path:
        return Path(self.settings.artifact_root.removeprefix("file://"))

    def folder(self, run: Run) -> RunFolder:
        return RunFolder(self.settings, run.as_of_date, run.run_key)

    def path(self, run: Run, relative: str) -> Path:
        return self.root / f"as_of={run.as_of_date}" / f"run={run.run_key}" / relative

    def sql(self, query: str, *parameters: object) -> list[tuple]:
        with duckdb.connect(str(self.settings.duckdb_path), read_only=True) as connection:
            return connection.execute(query, list(parameters)).fetchall()

    def pointers(self) -> dict[str, bytes]:
        """Every pointer's bytes by its path."""
        found = [*self.root.glob("*.json"), *self.root.glob("as_of=*/current.json")]
        return {str(file.relative_to(self.root)): file.read_bytes() for file in found}

    def ledger(self) -> list[tuple]:
        return self.sql("select * from control.publications order by publication_id")


@pytest.fixture(scope="session")
def rules() -> Rules:
    # The demo's amounts are small: without a lower threshold this audience would be empty, and tested in
    # vain.
    return load_rules().model_copy(update={"audience_declining_min_lifetime_value": 5000})


@pytest.fixture(scope="session")
def published(tmp_path_factory, rules) -> Book:
    """All four months, published one after the other. Tests read it and change nothing."""
    settings = make_settings(tmp_path_factory.mktemp("published"))
    runs = {month: make_run(month, rules) for month in MONTHS}
    for run in runs.values():
        write_candidate(settings, run)
        publish(run, settings, timings={"models": 12.5})
    return Book(settings, runs)


@pytest.fixture
def november(published):
    """The newest run: it has a previous month and a backtest."""
    return published.runs[MONTHS[3]]


@pytest.fixture
def candidate(tmp_path, rules) -> Book:
    """One month that is computed and checked, and not yet published."""
    settings = make_settings(tmp_path)
    run = make_run(MONTHS[0], rules)
    write_candidate(settings, run)
    return Book(settings, {MONTHS[0]: run})
