"""A small book of published runs, made once, and a copy of it for each test."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.tidemark.artifacts.user_ids import user_ids
from include.tidemark.cli import published as reading
from include.tidemark.pipeline.forget import Forgotten, forget
from include.tidemark.pipeline.publish import publish
from include.tidemark.rules import load_rules
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from tests.artifacts.months import MONTHS, make_run, make_settings, write_candidate

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
FORGOTTEN = ("=HYPERLINK(1)", "C00017")
"""Whom most tests forget. The first one stands escaped in CSV files of plain ids."""


@dataclass
class Book:
    """A deployment with two published runs of a month, one of the next, and one that was never published."""

    folder: Path
    settings: Settings

    @property
    def root(self) -> Path:
        return self.folder / "artifacts"

    def forget(self, *ids: str, reason: str | None = "a request") -> Forgotten:
        file = self.folder / "ids.txt"
        file.write_text("\n".join(ids), encoding="utf-8")
        return forget(str(file), reason, self.settings, AT)

    def query(self, sql: str, *parameters: object) -> list[dict]:
        with open_warehouse(self.settings) as warehouse:
            return warehouse.fetch(sql, parameters)

    def execute(self, sql: str) -> None:
        with open_warehouse(self.settings) as warehouse:
            warehouse.execute(sql)

    def unpublished(self) -> str:
        """Key of the run that was never published."""
        (row,) = self.query(
            "select distinct run_key from runs.customer_segments"
            " where run_key not in (select run_key from control.publications)"
        )
        return str(row["run_key"])

    def published(self, user_id: str) -> str:
        return user_ids(self.settings).publish(user_id)

    def files(self) -> dict[str, bytes]:
        return {
            str(file.relative_to(self.root)): file.read_bytes()
            for file in sorted(self.root.rglob("*"))
            if file.is_file()
        }

    def not_verified(self) -> list[dict]:
        """What `tidemark verify` finds, over every month."""
        return [
            row
            for month in reading.published_months(self.settings)  # type: ignore[attr-defined]
            for row in reading.verify(month)
            if row["result"] != "ok"
        ]


def in_folder(folder: Path, **changes: object) -> Book:
    return Book(folder, make_settings(folder, **changes))


@pytest.fixture(scope="session")
def made_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    settings = make_settings(folder)
    rules = load_rules(environ={}).model_copy(update={"audience_declining_min_lifetime_value": 5000})
    for month, attempt, options in ((0, 0, {}), (0, 1, {}), (1, 0, {}), (1, 1, {"publish": False})):
        run = make_run(MONTHS[month], rules, attempt=attempt, **options)
        write_candidate(settings, run)
        publish(run, settings)
    return folder


@pytest.fixture
def book(made_book: Path, tmp_path: Path) -> Book:
    """A copy that a test may change."""
    shutil.copytree(made_book, tmp_path / "book")
    return in_folder(tmp_path / "book")
