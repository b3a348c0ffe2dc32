"""Each kind of bad input stops (or warns, where a sensible person would) with one sentence, and loses nothing.

A month is published from a sample of the demo's data; then each fault is tried on a copy of that deployment.
"""

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from pydantic import SecretStr

from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.errors import GateError, RunIdentityError, SettingsError, SourceError, TidemarkError
from include.tidemark.pipeline.check import check_stage
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.pipeline.load import load
from include.tidemark.pipeline.resolve import resolve_run
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse

STARTED = datetime(2018, 1, 2, 7, tzinfo=UTC)
AS_OF = "2017-12-01"


class Deployment:
    """A deployment whose first month is published."""

    def __init__(self, folder: Path, rules_file: Path = COMPLETE_JOURNEY.rules_file) -> None:
        self.folder = folder
        self.settings = Settings(
            duckdb_path=folder / "warehouse.duckdb",
            landing_url=(folder / "landing").as_uri(),
            artifact_root=(folder / "artifacts").as_uri(),
            rules_file=rules_file,
            id_hash_key=SecretStr("a key for tests only, 16 and more"),
        )

    @property
    def transactions(self) -> Path:
        return self.folder / "landing" / "transactions.csv"

    def run(self, **parameters) -> None:
        """A whole run, until it fails."""
        run_in_order(
            self.settings, {"as_of_date": AS_OF, "n_resamples": 1000} | parameters, STARTED, "bad input"
        )

    def gate_warnings(self) -> str:
        """Load and check the sources; the sentences of the warnings and notes."""
        run = resolve_run(
            self.settings,
            parameters={"as_of_date": AS_OF},
            dag_run_id="bad input",
            run_after=STARTED,
            started_at=STARTED,
        )
        load(run, self.settings)
        check_stage("sources", run, self.settings)
        return " ".join(
            row["message"]
            for row in self.query(
                "select message from control.gate_results where run_key = ? and not success", run.run_key
            )
        )

    def query(self, sql: str, *parameters) -> list[dict]:
        with open_warehouse(self.settings) as warehouse:
            return warehouse.fetch(sql, parameters)

    def edit(self, change: str) -> None:
        """Rewrite the transactions' landing file through SQL on the table `t`."""
        with duckdb.connect() as engine:
            engine.execute(
                f"create table t as select * from read_csv('{self.transactions}', all_varchar = true)"
            )
            engine.execute(change)
            engine.execute(f"copy t to '{self.transactions}' (header)")

    def consumers_view(self) -> dict[str, str]:
        artifacts = self.folder / "artifacts"
        month = self.query("select run_key from control.publications")[0]["run_key"]
        files = [
            *artifacts.glob("*.json"),
            *artifacts.glob("*/current.json"),
            *artifacts.glob(f"*/run={month}/**/*"),
        ]
        seen = {
            str(f.relative_to(artifacts)): hashlib.sha256(f.read_bytes()).hexdigest()
            for f in files
            if f.is_file()
        }
        for view in ("customer_segments", "customer_segments_current", "statistics", "statistics_current"):
            rows = self.query(
                f"select md5(string_agg(t::varchar, '|' order by t::varchar)) as digest from marts.{view} as t"
            )
            seen[f"marts.{view}"] = rows[0]["digest"]
        return seen


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    whole = tmp_path_factory.mktemp("whole")
    COMPLETE_JOURNEY.write_landing_files(whole)
    (folder / "landing").mkdir()
    with duckdb.connect() as engine:
        engine.execute("set timezone = 'UTC'")
        for table in ("users", "transactions"):
            engine.execute(
                f"copy (from read_parquet('{whole}/{table}.parquet') where user_id::int % 8 = 0) to '{folder}/landing/{table}.csv' (header)"
            )
    run_in_order(
        Deployment(folder).settings, {"as_of_date": "2017-11-01", "n_resamples": 1000}, STARTED, "first"
    )
    return folder


@pytest.fixture
def deployment(published, tmp_path):
    shutil.copytree(published, tmp_path / "deployment")
    return Deployment(tmp_path / "deployment")


def drop_landing(deployment: Deployment) -> None:
    deployment.transactions.unlink()


def in_warehouse(sql: str):
    """A fault in a table that stands in the warehouse already, with no file to load over it."""

    def break_it(deployment: Deployment) -> None:
        drop_landing(deployment)
        with open_warehouse(deployment.settings) as warehouse:
            warehouse.execute(sql)

    return break_it


def in_file(sql: str):
    return lambda deployment: deployment.edit(sql)


def cut_off(deployment: Deployment) -> None:
    deployment.transactions.write_bytes(deployment.transactions.read_bytes()[:-20])


STOPS = {
    "missing table": (in_warehouse("drop table raw.transactions"), SourceError, "needs the table raw.transactions"),
    "missing column": (in_warehouse("alter table raw.transactions drop column amount_usd"), TidemarkError, "amount_usd"),
    "missing column in the file": (in_file("alter table t drop column status"), SourceError, "has no column status"),
    "wrong type": (in_warehouse("alter table raw.transactions alter amount_usd type varchar"), TidemarkError, "amount_usd"),
    "wrong type in the file": (in_file("update t set amount_usd = 'ten' where rowid = 5"), SourceError, "column amount_usd"),
    "empty table": (in_warehouse("delete from raw.transactions"), GateError, "raw.transactions"),
    "empty file": (in_file("delete from t"), SourceError, "holds no row"),
    "all rows after the as-of date": (
        in_file("update t set transaction_at = (transaction_at::timestamp + interval 10 years)::varchar"), GateError, "2027"
    ),
    "duplicate ids": (in_file("update t set transaction_id = 'same' where rowid < 3"), GateError, "transaction_id"),
    "null ids": (in_file("update t set transaction_id = null where rowid = 3"), GateError, "transaction_id"),
    "NaN": (in_file("update t set amount_usd = 'NaN' where rowid = 3"), SourceError, "no finite"),
    "infinity": (
        in_warehouse("alter table raw.transactions alter amount_usd type double; update raw.transactions set amount_usd = 'inf' where rowid = 3"),
        TidemarkError, "amount_usd",
    ),
    "truncated last line": (cut_off, SourceError, "cut off"),
}  # fmt: skip


@pytest.mark.parametrize("fault", STOPS)
def test_a_fault_in_the_data_stops_the_run_with_one_sentence_and_consumers_see_what_they_saw(
    deployment, fault
):
    break_it, error, sentence = STOPS[fault]
    before = deployment.consumers_view()
    break_it(deployment)
    with pytest.raises(error) as caught:
        deployment.run()
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert deployment.consumers_view() == before


WARNS = {
    "future timestamps": (
        "update t set transaction_at = '2031-01-01 00:00:00' where rowid = 3",
        "transaction_at",
    ),
    "unknown category": ("update t set category = 'LLAMAS' where rowid = 3", "LLAMAS"),
    "unknown user": ("update t set user_id = 'nobody' where rowid = 3", "user"),
    "negative amounts": ("update t set amount_usd = '-5.00' where rowid = 3", "refund"),
    "zero amounts": ("update t set amount_usd = '0.00' where rowid = 3", "0 in some rows"),
}


@pytest.mark.parametrize("fault", WARNS)
def test_what_a_sensible_person_would_look_at_warns_and_lets_the_run_go_on(deployment, fault):
    change, words = WARNS[fault]
    before = deployment.consumers_view()
    deployment.edit(change)
    assert words in deployment.gate_warnings()
    assert deployment.consumers_view() == before


def test_names_that_are_not_ascii_go_through_a_whole_run(deployment):
    deployment.edit("update t set category = 'Bücher & 茶' where rowid % 100 = 0")
    deployment.run()
    categories = {
        row["category"]
        for row in deployment.query("select distinct category from core.fct_customer_category_daily")
    }
    assert any("茶" in category for category in categories)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"as_of_date": "2999-01-01"}, "in the future"),
        ({"as_of_date": "the first"}, "no date"),
        ({"n_resamples": 10}, "n_resamples"),
        ({"confidence_level": 95}, "confidence_level"),
    ],
)
def test_a_parameter_that_can_not_be_used_stops_the_run_before_it_costs_anything(
    deployment, parameters, sentence
):
    before = deployment.consumers_view()
    with pytest.raises(RunIdentityError, match=sentence):
        deployment.run(**parameters)
    assert deployment.consumers_view() == before


def test_a_date_before_any_data_is_refused_with_the_first_date_there_is(deployment):
    before = deployment.consumers_view()
    with pytest.raises(GateError, match="2017-01"):
        deployment.run(as_of_date="2016-06-01")
    assert deployment.consumers_view() == before


@pytest.mark.parametrize("line", ["segment_minimum_share: 5", "high_value_min_travel_pct: lots"])
def test_a_rules_file_that_can_not_be_used_stops_the_run(deployment, tmp_path, line):
    rules = tmp_path / "rules.yml"
    rules.write_text(line + "\n")
    before = deployment.consumers_view()
    with pytest.raises(SettingsError, match=line.split(":")[0]):
        Deployment(deployment.folder, rules).run()
    assert deployment.consumers_view() == before


def test_a_run_without_an_id_key_stops_before_it_costs_anything(deployment):
    settings = deployment.settings.model_copy(update={"id_hash_key": None})
    with pytest.raises(SettingsError, match="TIDEMARK_ID_HASH_KEY"):
        run_in_order(settings, {"as_of_date": AS_OF}, STARTED, "no key")
