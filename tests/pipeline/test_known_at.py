"""A month as of then from what was known then: late rows change nothing of it, and what all runs share is not
touched."""

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.difference.page import difference_page
from include.tidemark.difference.text import text_of
from include.tidemark.errors import RunIdentityError
from include.tidemark.pipeline.check import check_stage
from include.tidemark.pipeline.differ_known import compare_known
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.run import Run
from include.tidemark.warehouse import open_warehouse
from tests.complete_journey import contract_tables
from tests.pipeline.deployment import AS_OF, FIRST, STARTED, Deployment
from tests.views import digest_of

LATER = STARTED + timedelta(days=60)
THEN = STARTED + timedelta(days=30)
SOURCES = "transactions:\n  files: transactions/*.parquet\n  mode: append\n"
NOT_OF_A_RUN = ("raw", "staging", "core", "marts")


class Growing(Deployment):
    """A deployment whose transactions come as one file after the other."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.settings = self.settings.model_copy(update={"config_dir": folder / "config", "rules_file": None})

    def at(self, started: datetime, as_of: str = AS_OF, **parameters: object) -> Run:
        """A run that starts then; what it publishes is published at once."""
        run, _ = run_in_order(
            self.settings, {"as_of_date": as_of, "n_resamples": 1000} | parameters, started, f"at {started}"
        )
        with open_warehouse(self.settings) as warehouse:
            warehouse.execute(
                "update control.publications set published_at = ? where run_key = ?",
                (started.replace(tzinfo=None), run.run_key),
            )
        return run

    def numbers(self, run: Run) -> dict[str, str]:
        """Digests of all rows of a run but for its key."""
        tables = [
            row["table_name"]
            for row in self.query(
                "select distinct table_name from information_schema.columns where table_schema = 'runs' and column_name = 'run_key'"
            )
        ]
        return {
            table: digest_of(
                self.query, f"(select * exclude (run_key) from runs.{table} where run_key = '{run.run_key}')"
            )
            for table in tables
        }

    def shared(self) -> dict[str, str]:
        """Digests of everything that is no run's own, files and pointers included."""
        relations = [
            f"{row['table_schema']}.{row['table_name']}"
            for row in self.query(
                f"select table_schema, table_name from information_schema.tables where table_schema in {NOT_OF_A_RUN}"
            )
        ]
        of_control = [
            f"control.{name}" for name in ("publications", "loads", "fact_builds", "erasures", "backfills")
        ]
        definitions = "(select schema_name, view_name, sql from duckdb_views() where not internal)"
        found = {name: digest_of(self.query, name) for name in (*relations, *of_control, definitions)}
        artifacts = self.folder / "artifacts"
        pointers = [*artifacts.glob("*.json"), *artifacts.glob("*/current.json")]
        return found | {file.name: file.read_text(encoding="utf-8") for file in pointers}

    def manifest(self, run: Run) -> dict:
        folder = self.folder / "artifacts" / f"as_of={run.as_of_date}" / f"run={run.run_key}"
        return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """The month was published, then rows came late, and the month was published once more."""
    folder, landing = tmp_path_factory.mktemp("grown"), tmp_path_factory.mktemp("landing")
    COMPLETE_JOURNEY.write_landing_files(landing)
    whole = contract_tables(landing, tmp_path_factory.mktemp("whole"))
    (folder / "landing" / "transactions").mkdir(parents=True)
    (folder / "config").mkdir()
    shutil.copy(COMPLETE_JOURNEY.rules_file, folder / "config" / "rules.yml")
    (folder / "config" / "sources.yml").write_text(SOURCES, encoding="utf-8")

    def deliver(condition: str, name: str) -> None:
        with duckdb.connect() as engine:
            engine.execute(
                f"copy (from read_parquet('{whole}/{name.partition('/')[0]}.parquet') where user_id::int % 8 = 0 and ({condition}))"
                f" to '{folder}/landing/{name}.parquet'"
            )

    deployment = Growing(folder)
    deliver("true", "users")
    deliver("user_id::int % 24 <> 0 or transaction_at < timestamp '2017-09-01'", "transactions/first")
    before = deployment.at(STARTED, FIRST)
    then = deployment.at(STARTED + timedelta(hours=1))
    deliver("not (user_id::int % 24 <> 0 or transaction_at < timestamp '2017-09-01')", "transactions/late")
    now = deployment.at(LATER)
    return deployment, before, then, now


@pytest.fixture(scope="module")
def known(grown):
    """A run of what was known then, and what was the same for all runs before it."""
    deployment, *_ = grown
    shared = deployment.shared()
    return deployment.at(LATER + timedelta(days=1), known_at=THEN.isoformat()), shared


def test_a_run_of_what_was_known_then_is_the_month_that_was_published_then_to_the_last_digit(grown, known):
    deployment, _, then, now = grown
    assert deployment.numbers(known[0]) == deployment.numbers(then)
    assert deployment.numbers(known[0]) != deployment.numbers(now)


def test_it_leaves_everything_that_is_not_its_own_as_it_was_and_no_schema_behind(grown, known):
    deployment, *_ = grown
    assert deployment.shared() == known[1]
    assert deployment.query("select 1 from information_schema.schemata where schema_name ~ '_2017'") == []


def test_it_says_by_when_in_its_manifest_and_is_not_published(grown, known):
    deployment, _, then, _ = grown
    manifest, before = deployment.manifest(known[0]), deployment.manifest(then)
    assert (manifest["options"]["known_at"], manifest["options"]["publish"]) == (
        "2018-02-01T07:00:00Z",
        False,
    )
    assert manifest["sources"] == before["sources"]
    (row,) = deployment.query("select known_at from control.run_inputs where run_key = ?", known[0].run_key)
    assert row["known_at"] == THEN.replace(tzinfo=None)


def test_a_check_of_it_that_is_cleared_after_its_end_is_refused_with_what_to_do(grown, known):
    deployment, *_ = grown
    with pytest.raises(RunIdentityError, match=r"has ended, .* start a new run with the same known_at"):
        check_stage("models", known[0], deployment.settings)


def test_published_known_then_and_known_now_are_told_apart(grown, known):
    deployment, _, then, now = grown
    said: list[str] = []
    found = compare_known(
        deployment.settings,
        then.as_of_date,
        THEN,
        LATER + timedelta(days=2),
        run_key=then.run_key,
        announce=said.append,
    )
    assert said == ["As of 2017-12-01, of what had been loaded by 2018-03-05 07:00:00 UTC:"]
    rules, rows = found.published_to_then, found.then_to_now
    assert (rules.earlier.run_key, rules.later.run_key) == (then.run_key, known[0].run_key), "computed again"
    assert [each.name for each in rules.values] == ["known_at"]
    assert (rules.sources, rules.account, rules.files, rules.numbers.differing) == ((), (), (), 0)
    assert [(each.table, each.file_changed) for each in rows.sources] == [("raw.transactions", True)]
    assert rows.numbers.differing > 0
    assert [each.reason for each in rows.account]
    assert deployment.numbers(found.then_to_now.later) == deployment.numbers(now)
    text = text_of(found)
    assert text.startswith("PUBLISHED, KNOWN THEN, KNOWN NOW")
    assert (
        f"0 of {rules.numbers.compared} numbers are other ones under the rules, the options and the code"
        in text
    )
    assert found.lede in difference_page(found)
