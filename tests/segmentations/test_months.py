"""From a file alone: members, shares, means, movement, backtest, audiences, views, gate, definitions and a
chapter of the report."""

import json

import numpy as np
import pytest
from scipy.stats import binomtest

from include.tidemark.config.folder import load_config
from include.tidemark.errors import GateError
from include.tidemark.pipeline.check import check_stage
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.segmentations.changes import record_declared
from include.tidemark.warehouse import open_warehouse
from tests.segmentations import truth
from tests.segmentations.conftest import FIRST, SECOND
from tests.segmentations.files import write_files

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("as_of", [FIRST, SECOND])
def test_every_member_is_in_the_segment_that_pandas_finds(world, as_of):
    landing = world.folder / "landing"
    people = truth.customers(landing, as_of)
    expected = truth.loyalty(people)
    members = world.table(as_of, "data/loyalty.csv").set_index("user_id")
    assert members["segment"].to_dict() == expected.to_dict()
    assert len(set(expected)) == 4, "every segment of the test has members"
    assert (members["spend_last_90_days"] * 100).round().astype("int64").to_dict() == people[
        "spend"
    ].to_dict()
    users = world.table(as_of, "data/by_platform.csv").set_index("user_id")
    assert users["segment"].to_dict() == truth.platforms(landing, as_of).to_dict()
    parquet = truth.pd.read_parquet(world.file(as_of, "data/loyalty.parquet"))
    assert parquet["segment"].to_list() == world.table(as_of, "data/loyalty.csv")["segment"].to_list()


def test_the_summary_has_sizes_shares_with_wilson_intervals_and_means(world):
    people = truth.customers(world.folder / "landing", SECOND)
    segments = truth.loyalty(people)
    summary = world.table(SECOND, "data/loyalty_summary.csv").set_index("segment")
    assert summary["customers"].to_dict() == {**segments.value_counts(), "All customers": len(segments)}
    for name, row in summary.drop(index="All customers").iterrows():
        wilson = binomtest(int(row["customers"]), len(segments)).proportion_ci(method="wilson")
        assert row["share_pct_ci_low"] == pytest.approx(100 * wilson.low, abs=1e-6)
        assert row["share_pct_ci_high"] == pytest.approx(100 * wilson.high, abs=1e-6)
        mine = people[segments == name]
        if not np.isnan(row["mean_spend_last_90_days"]):
            assert row["mean_spend_last_90_days"] == pytest.approx(mine["spend"].mean() / 100, abs=0.006)
        if not np.isnan(row["mean_purchases_last_90_days"]):
            assert row["mean_purchases_last_90_days"] == pytest.approx(mine["purchases"].mean())
    assert summary["mean_spend_last_90_days"].notna().sum() >= 2
    assert summary.loc["Champions", ["expected_share_low_pct", "expected_share_high_pct"]].to_list() == [0, 1]


def test_movement_and_backtest_are_those_of_the_members(world):
    landing = world.folder / "landing"
    before, after = (truth.loyalty(truth.customers(landing, day)) for day in (FIRST, SECOND))
    both = truth.pd.concat({"before": before, "after": after}, axis=1).fillna(
        {"before": "New customer", "after": "No longer a customer"}
    )
    moved = world.table(SECOND, "data/loyalty_movement.csv").query("customers > 0")
    found = {(row.from_segment, row.to_segment): row.customers for row in moved.itertuples()}
    assert found == both.groupby(["before", "after"]).size().to_dict()
    assert set(moved["previous_as_of_date"]) == {str(FIRST)}

    people = truth.customers(landing, FIRST)
    later = truth.later_spend(landing, FIRST).reindex(people.index).fillna(0)
    backtest = world.table(SECOND, "data/loyalty_backtest.csv").set_index("segment")
    for name, row in backtest.iterrows():
        mine = people.index if name == "All customers" else people.index[before == name]
        assert row["customers"] == len(mine)
        assert round(row["prior_spend"] * 100) == people.loc[mine, "spend"].sum()
        assert round(row["later_spend"] * 100) == later.loc[mine].sum()
    ratio = backtest.loc["All customers"]
    assert ratio["spend_ratio"] == pytest.approx(ratio["later_spend"] / ratio["prior_spend"])
    assert world.table(SECOND, "data/by_platform_backtest.csv")["later_active_days"].sum() > 0
    first = world.table(FIRST, "data/loyalty_backtest.csv")
    assert set(first["reason"]) == {"no_earlier_publication"}


def test_an_audience_is_a_segment_s_part_in_its_order_up_to_its_limit(world):
    people = truth.customers(world.folder / "landing", SECOND)
    median = people["spend"].sort_values().iloc[-(-(len(people) - 1) // 2)]
    chosen = people[(truth.loyalty(people) == "Champions") & (people["spend"] >= median)]
    expected = chosen.sort_values("spend", ascending=False)["spend"].head(25)
    audience = world.table(SECOND, "audiences/best_champions.csv")
    assert list(audience) == ["user_id", "segment", "spend_last_90_days"]
    assert (audience["spend_last_90_days"] * 100).round().astype("int64").to_list() == expected.to_list()
    assert set(audience["user_id"]) <= set(chosen.index)


def test_consumers_have_a_view_of_each_segmentation_with_published_months_only(world):
    rows = world.query(
        "select as_of_date, count(*) as n from marts.loyalty group by as_of_date order by as_of_date"
    )
    assert [row["as_of_date"] for row in rows] == [FIRST, SECOND]
    assert [row["n"] for row in rows] == [
        len(world.table(day, "data/loyalty.csv")) for day in (FIRST, SECOND)
    ]
    current = world.query(
        "select distinct segmentation, as_of_date from marts.segment_members_current order by 1"
    )
    assert [(row["segmentation"], row["as_of_date"]) for row in current] == [
        ("by_platform", SECOND),
        ("loyalty", SECOND),
    ]


def test_definitions_dictionary_manifest_and_report_tell_of_it(world):
    definitions = json.loads(world.file(SECOND, "definitions/segment_definitions.json").read_text())[
        "families"
    ]["loyalty"]
    assert definitions["segments"][0]["criteria"] == (
        "Purchases last 90 days is 6 or more, and spend last 90 days is $20,000 or more."
    )
    assert definitions["segments"][-1]["segment"] == "It's everyone else"
    assert world.file(SECOND, "definitions/config/segmentations/loyalty.yml").exists()
    dictionary = world.table(SECOND, "data/data_dictionary.csv")
    for table in (
        "data/loyalty",
        "data/loyalty_summary",
        "data/loyalty_movement",
        "audiences/best_champions",
    ):
        assert dictionary.query("table == @table")["description"].notna().all()
        assert (dictionary["table"] == table).any()
    manifest = json.loads(world.file(SECOND, "manifest.json").read_text())
    computed = {
        family["name"]: family["previous"]
        for family in manifest["families"]
        if family["status"] == "computed"
    }
    assert computed["loyalty"]["as_of_date"] == str(FIRST)
    report = world.file(SECOND, "report/index.html").read_text()
    for text in (
        "loyalty-segments",
        "loyalty-movement",
        "loyalty-backtest",
        "It&#39;s everyone else",
        "Users by platform",
    ):
        assert text in report


def test_the_gate_warns_of_an_unexpected_share_and_notes_each_condition(world):
    (row,) = world.query(
        "select severity, success from control.gate_results where suite = 'models.loyalty_shares'"
        " and expectation = 'expected_share_1' and as_of_date = ?",
        SECOND,
    )
    assert (row["severity"], row["success"]) == ("warning", False)
    criteria = world.query(
        "select expectation, success from control.gate_results where suite = 'models.loyalty_criteria' and as_of_date = ?",
        SECOND,
    )
    names = sorted(row["expectation"] for row in criteria)
    assert names == [*(f"criteria_{n}" for n in (1, 2, 3, 4)), "segment_priority"]
    assert all(row["success"] for row in criteria)


@pytest.mark.parametrize(
    ("damage", "stage", "said"),
    [
        ("update runs.segment_members set segment = 'Top tenth' where segment = 'Champions' and {run}", "models", "Top tenth"),
        ("update runs.segment_members set segment = 'Nobody' where segment = 'Lapsing' and {run}", "models", "declares"),
        ("delete from runs.segment_members where segment = 'Lapsing' and {run}", "models", "differ in the number"),
        ("insert into runs.segment_members select * from runs.segment_members where segment = 'Lapsing' and {run}",
         "models", "more than once"),
        ("delete from runs.statistics where family = 'loyalty' and segment = 'Lapsing' and {run}", "statistics", "lacks rows"),
        ("update runs.statistics set estimate = 0.5, ci_high = 0.9 where family = 'loyalty' and metric = 'segment_share' and {run}",
         "statistics", "sum of 1"),
        ("update runs.statistics set n = n + 1 where family = 'loyalty' and metric = 'segment_share' and {run}",
         "statistics", "differs from"),
    ],
)  # fmt: skip
def test_a_damaged_candidate_stops_the_run_at_the_gate(world, damage, stage, said):
    run = world.unpublished(SECOND)
    with open_warehouse(world.settings) as warehouse:
        warehouse.execute(damage.format(run=f"run_key = '{run.run_key}'"))
    with pytest.raises(GateError, match=said):
        check_stage(stage, run, world.settings)


def test_a_file_that_would_overwrite_another_family_s_table_is_refused_before_anything_is_loaded(
    world, tmp_path
):
    folder = tmp_path / "segmentations"
    folder.mkdir()
    text = "name: segment\ntitle: A\nof: customers\nsegments: [{name: All}]\n"
    (folder / "segment.yml").write_text(text, encoding="utf-8")
    settings = world.settings.model_copy(update={"config_dir": tmp_path})
    with pytest.raises(Exception, match="both publish data/segment_summary"):
        run_in_order(settings, {"as_of_date": str(SECOND)}, world.runs[SECOND].started_at, "same paths")


def test_a_changed_file_may_move_shares_and_an_unchanged_one_may_not(world):
    run = world.unpublished(SECOND)
    with open_warehouse(world.settings) as warehouse:
        warehouse.execute(
            f"update runs.segment_members set segment = 'iOS' where segmentation = 'by_platform' and run_key = '{run.run_key}'"
        )
    for redeclared, severities in (((), {"warning", "critical"}), (("by_platform",), {"warning"})):
        with pytest.raises(GateError):
            check_stage("models", run.model_copy(update={"redeclared": redeclared}), world.settings)
        failed = world.query(
            "select severity from control.gate_results where run_key = ? and suite = 'models.by_platform_shares'"
            " and starts_with(expectation, 'segment_drift_psi') and not success",
            run.run_key,
        )
        assert {row["severity"] for row in failed} == severities


def test_a_run_knows_which_files_have_changed_since_the_last_publication(world, tmp_path):
    assert world.runs[SECOND].redeclared == ()
    write_files(tmp_path)
    file = tmp_path / "segmentations" / "loyalty.yml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("lapsing_days: 30", "lapsing_days: 31"), encoding="utf-8"
    )
    run = world.runs[SECOND]
    changed = run.model_copy(
        update={
            "run_key": run.run_key[:-8] + "0123abce",
            "config": load_config(world.settings.model_copy(update={"config_dir": tmp_path})).documents,
        }
    )
    with open_warehouse(world.settings) as warehouse:
        assert record_declared(changed, warehouse) == ("loyalty",)
