"""Persons are erased after a month of several families, and the next month is computed as if they had never
been there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from include.tidemark.artifacts.user_ids import user_ids
from include.tidemark.cli import published as reading
from include.tidemark.cli.clock import started_now
from include.tidemark.pipeline.forget import Forgotten, forget
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.settings import Settings
from tests.families.conftest import synthetic_deployment

FAMILIES = ("customer_segments", "planners", "fee_tiers")
FIRST, NEXT = "2026-06-01", "2026-07-01"
TABLES = "select table_schema || '.' || table_name from information_schema.tables where table_type = '{}' order by all"
PEOPLE = """
    (select user_id from runs.user_segmentation intersect select customer_id from runs.customer_segments
    intersect select user_id from runs.fct_user_cohorts order by all limit 2)
    union select user_id from raw.users where hash(user_id) % 100 < 60
"""
"""Two who are in every table; and enough others that the next month has less than half of the rows."""


class World:
    """A deployment with the file of its warehouse and its artifacts."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.artifacts = Path(settings.artifact_root.removeprefix("file://"))

    def rows(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.settings.duckdb_path), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def tables(self, kind: str = "BASE TABLE") -> dict[str, list[tuple]]:
        """Every table's rows by its name, in order."""
        return {
            name: self.rows(f"select * from {name} order by all")
            for (name,) in self.rows(TABLES.format(kind))
        }

    def files(self) -> dict[str, str]:
        """Everything that a reader can get out of each published file."""
        return {
            str(f.relative_to(self.artifacts)): _text(f) for f in self.artifacts.rglob("*") if f.is_file()
        }

    def run(self, as_of: str) -> str:
        started = datetime.fromisoformat(f"{as_of}T07:00:00").replace(tzinfo=UTC)
        return run_in_order(self.settings, {"as_of_date": as_of, "n_resamples": 1000}, started)[0].run_key

    def not_verified(self) -> list[dict]:
        months = reading.published_months(self.settings)  # type: ignore[attr-defined]
        return [row for month in months for row in reading.verify(month) if row["result"] != "ok"]


def _text(file: Path) -> str:
    if file.suffix == ".parquet":
        return "\n".join(str(row) for row in duckdb.sql(f"from '{file}'").fetchall())
    # The report's scripts are the same in every run, and the files that it packs are read where they are.
    packed = r'<script(?! type="application/json").*?</script>'
    return re.sub(packed, "", file.read_text(encoding="utf-8"), flags=re.DOTALL)


def cells(rows: list[tuple]) -> Iterator[str]:
    return (cell for row in rows for cell in row if isinstance(cell, str))


def about(row: tuple, people: set[str]) -> bool:
    return any(cell in people for cell in row if isinstance(cell, str))


@dataclass(frozen=True)
class Story:
    """The month, the erasure, and the next month."""

    world: World
    people: set[str]
    marks: set[str]
    """Their ids, names and addresses."""
    hashes: set[str]
    """Their ids as they are published."""
    tables: tuple[dict[str, list[tuple]], dict[str, list[tuple]]]
    """Rows before the erasure, and after it."""
    files: tuple[dict[str, str], dict[str, str]]
    not_verified: list[dict]
    outcome: Forgotten
    next_run: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    settings = synthetic_deployment(tmp_path_factory.mktemp("whole"), 800)
    world = World(settings.model_copy(update={"families": FAMILIES}))
    world.run(FIRST)
    people = {user_id for (user_id,) in world.rows(PEOPLE)}
    marks = {
        text
        for row in world.rows("select user_id, username, email from raw.users")
        if row[0] in people
        for text in row
    }
    hashes = {user_ids(settings).publish(user_id) for user_id in people}
    assert len(people) == len(hashes) > 450 and len(marks) == 3 * len(people)
    tables, files = world.tables(), world.files()
    ids = world.artifacts.parent / "ids.txt"
    ids.write_text("\n".join(people), encoding="utf-8")
    outcome = forget(str(ids), "a request", world.settings, started_now())
    return Story(
        world,
        people,
        marks,
        hashes,
        (tables, world.tables()),
        (files, world.files()),
        world.not_verified(),
        outcome,
        world.run(NEXT),
    )


def test_no_table_and_no_view_holds_them_and_all_other_rows_are_as_they_were(story: Story) -> None:
    (before, after), people = story.tables, story.people
    own = {
        "control.erasures",
        "control.publications",
        "control.run_inputs",
    }  # the latter two have the new manifests
    with_them = set()
    for name, rows in after.items():
        if name in own:
            continue
        left = [row for row in before[name] if not about(row, people)]
        assert rows == left, name
        if len(left) < len(before[name]):
            with_them.add(name)
            assert story.outcome.rows[name] == len(before[name]) - len(left)
    assert with_them >= {
        "raw.users",
        "raw.events",
        "raw.transactions",
        "core.fct_customer_category_daily",
        "core.fct_user_event_daily",
        "runs.customer_spend",
        "runs.customer_segments",
        "runs.user_segmentation",
        "runs.fct_user_cohorts",
        "runs.fct_user_weekly_summary",
    }
    assert "runs.statistics" not in with_them and "runs.planner_weeks" not in with_them
    for kind in ("BASE TABLE", "VIEW"):
        for name, rows in story.world.tables(kind).items():
            assert not story.marks & set(cells(rows)), f"{name}, also after the next month"


def test_user_level_files_lost_their_lines_and_nothing_else_changed(story: Story) -> None:
    (before, after), hashes = story.files, story.hashes
    assert story.not_verified == []
    pointers = {"index.json", "latest.json", f"as_of={FIRST}/current.json"}
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    tables = {name for name, text in before.items() if any(one in text for one in hashes)}
    assert {Path(name).name for name in tables} >= {
        "customer_segments.csv",
        "customer_segments.parquet",
        "user_segmentation.csv",
        "user_cohorts.csv",
        "user_cohorts.parquet",
    }
    assert changed == tables | pointers | {name for name in after if name.endswith("manifest.json")}
    for name in tables:
        kept = [line for line in before[name].splitlines() if not any(one in line for one in hashes)]
        assert after[name].splitlines() == kept, name
    (run,) = story.outcome.runs
    assert run.files == len(tables) and run.people <= story.people
    for name, text in after.items():
        words = set(re.findall(r"[\w.@-]+", text))
        assert not words & (story.marks | hashes), name


def test_the_next_month_is_published_without_them_and_nothing_warns_of_fewer_users(story: Story) -> None:
    world, run_key = story.world, story.next_run
    assert world.not_verified() == []
    assert [month.run_key for month in reading.published_months(world.settings)][-1] == run_key  # type: ignore[attr-defined]
    (loads,) = world.rows("select count(distinct loaded_at) from control.loads where table_name = 'events'")
    assert loads == (1,), "the landing file did not change, so it is not loaded again"
    failed = world.rows(
        f"select expectation, message from control.gate_results where run_key = '{run_key}' and not success"
    )
    assert not [row for row in failed if "drop" in row[0] or "vanish" in row[0]]
    for name, text in world.files().items():
        assert not story.hashes & set(re.findall(r"\w+", text)), name


def test_the_gate_does_not_miss_the_rows_that_were_erased(story: Story) -> None:
    world = story.world
    erased = dict(
        world.rows("select name, sum(row_count) from control.erasures where kind = 'source' group by all")
    )
    deleted = dict(
        world.rows("select name, sum(row_count) from control.erasures where kind = 'table' group by all")
    )
    assert erased == {name: deleted[f"raw.{name}"] for name in ("users", "events", "transactions")}
    drops = world.rows(
        "select suite, success from control.gate_results where stage = 'sources' and expectation like 'volume_drop_pct%'"
        f" and run_key = '{story.next_run}'"
    )
    assert len(drops) >= 4 and all(success for _, success in drops)
