"""Each kind of bad input stops (or warns, where a sensible person would) with one sentence, and loses
nothing.

A month is published from a sample of the demo's data; then each fault is tried on a copy of that deployment.
"""

import html
import json
import shutil

import pytest

from include.tidemark.errors import GateError, RunIdentityError, SettingsError, SourceError, TidemarkError
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.warehouse import open_warehouse
from tests.pipeline.deployment import AS_OF, STARTED, Deployment


def drop_landing(deployment: Deployment) -> None:
    deployment.transactions.unlink()


def in_warehouse(sql: str):
    """A fault in a table that somebody else loads into the warehouse, so that no file ever came for it."""

    def break_it(deployment: Deployment) -> None:
        drop_landing(deployment)
        with open_warehouse(deployment.settings) as warehouse:
            warehouse.execute("delete from control.loads where table_name = 'transactions'")
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
    "future timestamps": ("transaction_at = '2031-01-01 00:00:00'", "transaction_at"),
    "unknown category": ("category = 'LLAMAS'", "category_groups"),
    "unknown user": ("user_id = 'nobody'", "raw.users"),
    "negative amounts": ("amount_usd = '-5.00'", "refund"),
    "zero amounts": ("amount_usd = '0.00'", "0 in some rows"),
}
"""What is done to one row each, and words of the sentence about it."""


@pytest.fixture(scope="module")
def warned(published, tmp_path_factory):
    """The folder of a whole run on data with every one of these faults."""
    deployment = Deployment(tmp_path_factory.mktemp("warned") / "deployment")
    shutil.copytree(published, deployment.folder)
    for row, (change, _) in enumerate(WARNS.values(), start=3):
        deployment.edit(f"update t set {change} where rowid = {row}")
    deployment.run()
    (run,) = deployment.query(
        "select run_key from control.publications where as_of_date = cast(? as date)", AS_OF
    )
    return deployment.folder / "artifacts" / f"as_of={AS_OF}" / f"run={run['run_key']}"


@pytest.mark.parametrize("fault", WARNS)
def test_what_a_sensible_person_would_look_at_is_published_with_a_sentence_about_it(warned, fault):
    _, words = WARNS[fault]
    gate = json.loads((warned / "manifest.json").read_text(encoding="utf-8"))["gate"]["results"]
    sentences = [row["message"] for row in gate if not row["success"] and words in row["message"]]
    assert sentences
    report = html.unescape((warned / "report" / "index.html").read_text(encoding="utf-8"))
    assert all(sentence in report for sentence in sentences)


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
