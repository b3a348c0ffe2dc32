"""`make demo` as its user meets it: four months on a real scheduler, and the numbers behind them."""

import json
import re
from datetime import date, timedelta
from itertools import pairwise

import duckdb
import pytest
import yaml

from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.demo.months import run_demo
from include.tidemark.rules import load_rules

from .conftest import DATASET

MONTHS = ["2017-10-01", "2017-11-01", "2017-12-01", "2018-01-01"]


def test_ctrl_c_ends_the_demo_and_its_airflow_in_the_middle_of_a_month(interrupted_demo):
    assert interrupted_demo.code == 130
    assert interrupted_demo.printed.rstrip().endswith("The same command goes on where this one stopped.")
    assert "load_sources" in interrupted_demo.printed
    assert not re.search(r"^2017-10-01: success", interrupted_demo.printed, re.MULTILINE)
    assert interrupted_demo.left == []


def test_the_next_demo_goes_on_with_the_month_that_was_interrupted(interrupted_demo, demo_run):
    assert "Going on with the backfill that was interrupted." in demo_run.printed
    assert re.findall(r"^(\S+): (\w+) in", demo_run.printed, re.MULTILINE) == [
        (month, "success") for month in MONTHS
    ]


def test_prints_a_table_of_segments_by_month_and_where_the_report_is(demo_run):
    for text in (
        *(f"as of {month}" for month in MONTHS),
        "High-Value Travelers",
        "Budget-Conscious",
        "report/index.html",
        "make up",
    ):
        assert text in demo_run.printed


@pytest.mark.parametrize("month", MONTHS)
def test_shows_a_month_s_tasks_as_they_finish_up_to_the_last_one(demo_run, month):
    shown = [
        (int(done), int(of)) for done, of in re.findall(rf"  {month} +(\d+)/(\d+) tasks  ", demo_run.printed)
    ]
    done = [count for count, _ in shown]
    assert len(done) > 3 and done == sorted(set(done)), f"no progress while it works: {shown}"
    assert shown[-1][0] == shown[-1][1], "every task of a month has succeeded"
    assert re.search(rf"^{month}: success in \d+ s$", demo_run.printed, re.MULTILINE)


def test_leaves_no_process_behind(demo_run):
    assert demo_run.left == []


def test_a_second_demo_reuses_what_is_there(demo_run, capsys):
    state = demo_run.state
    before = {file: file.stat().st_mtime_ns for file in (state / "artifacts").rglob("*")}
    assert run_demo(state, DATASET) == 0
    assert "published already" in capsys.readouterr().out
    assert {file: file.stat().st_mtime_ns for file in (state / "artifacts").rglob("*")} == before


def test_every_month_is_published_with_all_five_segments(demonstrated):
    assert [month.as_of_date for month in demonstrated.months()] == MONTHS
    for month in demonstrated.months():
        rows = month.rows("data/segment_summary.csv")
        held = [int(row["customers"]) for row in rows if row["priority"]]
        assert len(held) == 5 and min(held) > 0


def test_no_month_touched_a_file_of_an_earlier_one(demonstrated):
    artifacts = demonstrated.state / "artifacts"
    newest = 0
    for month in demonstrated.months():
        times = [file.stat().st_mtime_ns for file in (artifacts / month.folder).rglob("*") if file.is_file()]
        assert min(times) > newest, f"{month.as_of_date} overlaps with the month before"
        newest = max(times)


def test_manifest_digests_are_those_of_the_files(demonstrated):
    import hashlib

    for month in demonstrated.months():
        folder = demonstrated.state / "artifacts" / month.folder
        listed = {file["path"]: file for file in month.manifest()["files"]}
        present = {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()} - {"manifest.json"}
        assert set(listed) == present
        for path, file in listed.items():
            assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == file["sha256"]


def test_the_manifest_says_how_long_every_stage_took(demonstrated):
    for month in demonstrated.months():
        timings = month.manifest()["timings_seconds"]
        assert list(timings) == [
            "resolve_run",
            "load_sources",
            "check_sources",
            "models",
            "check_models",
            "statistics",
            "check_statistics",
        ]
        assert min(timings.values()) > 0


@pytest.mark.parametrize("month", MONTHS)
def test_published_rows_agree_with_a_recomputation_in_plain_sql(demonstrated, month):
    """From the landing files alone, written without a look at the models."""
    as_of = date.fromisoformat(month)
    rules = load_rules(COMPLETE_JOURNEY.rules_file, environ={})
    groups = yaml.safe_load(COMPLETE_JOURNEY.rules_file.read_text())["category_groups"]
    with duckdb.connect() as engine:
        engine.execute("set timezone = 'UTC'")
        engine.execute(
            "create table groups as select unnest(?) as category, unnest(?) as category_group",
            [list(groups), list(groups.values())],
        )
        engine.execute(
            f"""
            create table lines as
            select household_id as user_id, sales_value as amount, coalesce(category_group, 'other') as category_group,
                   (transaction_timestamp - interval 5 hours)::date as day
            from read_parquet('{demonstrated.state}/landing/sales.parquet') left join groups on department = category
            where (transaction_timestamp - interval 5 hours)::date < ?
            """,
            [as_of],
        )
        expected = engine.execute(
            """
            with spend as (
                select user_id,
                    count(*) filter (amount > 0) as total_transactions, sum(amount) as lifetime_value,
                    min(day) filter (amount > 0) as first_day, max(day) filter (amount > 0) as last_day,
                    coalesce(sum(amount) filter (day >= $current), 0) as last90,
                    coalesce(sum(amount) filter (day >= $prior and day < $current), 0) as prior90,
                    sum(amount) filter (amount > 0) as gross,
                    coalesce(sum(amount) filter (amount > 0 and category_group = 'travel'), 0) as travel,
                    coalesce(sum(amount) filter (amount > 0 and category_group = 'necessities'), 0) as necessities
                from lines group by user_id having count(*) filter (amount > 0) > 0
            ), measured as (
                select *, 100.0 * travel / gross as travel_pct, 100.0 * necessities / gross as necessities_pct,
                    case when prior90 > 0 then 100.0 * (last90 - prior90) / prior90 end as change_pct,
                    datediff('month', first_day, $as_of) - (case when day(first_day) > day($as_of) then 1 else 0 end) as tenure
                from spend
            )
            select user_id, total_transactions, round(lifetime_value, 2), first_day, last_day, tenure, round(last90, 2), round(prior90, 2),
                case
                    when last90 / 3.0 >= $high and travel_pct >= 25 then 'High-Value Travelers'
                    when change_pct <= -30 and prior90 >= $declining then 'Declining'
                    when tenure <= 6 and (change_pct >= 50 or (change_pct is null and last90 > 0 and first_day >= $prior)) then 'New & Growing'
                    when last90 / 3.0 < $budget and necessities_pct >= 60 then 'Budget-Conscious'
                    else 'Stable Mid-Spenders'
                end
            from measured order by user_id
            """,
            {
                "as_of": as_of,
                "current": as_of - timedelta(days=90),
                "prior": as_of - timedelta(days=180),
                "high": rules.high_value_min_avg_monthly_spend,
                "declining": rules.declining_min_prior_spend,
                "budget": rules.budget_max_avg_monthly_spend,
            },
        ).fetchall()
    published = demonstrated.query(
        """
        select customer_id, total_transactions, lifetime_value, first_transaction_date, last_transaction_date, tenure_months,
               spend_last_90_days, spend_prior_90_days, customer_segment
        from marts.customer_segments where as_of_date = ? order by customer_id
        """,
        as_of,
    )
    assert [tuple(row.values()) for row in published] == expected


def test_the_backtest_waits_for_its_window_and_then_agrees_with_plain_sql(demonstrated):
    reasons = [
        {
            row["spend_ratio_reason"] if "spend_ratio_reason" in row else row["reason"]
            for row in month.rows("data/segment_backtest.csv")
        }
        for month in demonstrated.months()
    ]
    assert reasons[:3] == [{"no_earlier_publication"}, {"window_not_complete"}, {"window_not_complete"}]
    first = demonstrated.months()[0]
    segments = {
        r["customer_id"]: r
        for r in demonstrated.query(
            "select * from marts.customer_segments where as_of_date = ?", first.as_of_date
        )
    }
    later = demonstrated.query(
        "select user_id, sum(amount_usd) as spend from raw.transactions where (transaction_at - interval 5 hours)::date >= date '2017-10-01'"
        " and (transaction_at - interval 5 hours)::date < date '2017-12-30' group by user_id"
    )
    spent = {row["user_id"]: row["spend"] for row in later}
    for row in demonstrated.months()[3].rows("data/segment_backtest.csv"):
        if not row["spend_ratio"]:
            continue
        members = [
            c
            for c, r in segments.items()
            if row["customer_segment"] in (r["customer_segment"], "All customers")
        ]
        ratio = sum(spent.get(c, 0) for c in members) / sum(
            segments[c]["spend_last_90_days"] for c in members
        )
        assert float(row["spend_ratio"]) == pytest.approx(float(ratio), rel=1e-4)
        assert float(row["spend_ratio_ci_low"]) < float(ratio) < float(row["spend_ratio_ci_high"])


def test_movement_from_the_month_before_adds_up_to_its_customers(demonstrated):
    months = demonstrated.months()
    assert all(row["share_pct"] == "" for row in months[0].rows("data/segment_movement.csv"))
    for earlier, later in pairwise(months):
        held = {
            row["customer_segment"]: int(row["customers"]) for row in earlier.rows("data/segment_summary.csv")
        }
        moved: dict[str, int] = {}
        for row in later.rows("data/segment_movement.csv"):
            moved[row["from_segment"]] = moved.get(row["from_segment"], 0) + int(row["customers"])
        assert {segment: moved[segment] for segment in held if segment in moved} == {
            s: n for s, n in held.items() if s in moved
        }
        assert len([segment for segment in held if segment in moved]) == 5


def test_no_user_id_is_in_a_published_file_and_the_same_user_has_one_hash_in_every_month(demonstrated):
    months = demonstrated.months()
    ids = {row["user_id"] for row in demonstrated.query("select distinct user_id from raw.users")}
    hashes = [{row["customer_id"] for row in month.rows("data/customer_segments.csv")} for month in months]
    assert not hashes[0] & ids
    assert hashes[0] <= hashes[1] <= hashes[2] <= hashes[3]


def test_the_pointers_say_what_the_ledger_says(demonstrated):
    latest = json.loads((demonstrated.state / "artifacts" / "latest.json").read_text())
    (row,) = demonstrated.query("select * from control.publications where as_of_date = date '2018-01-01'")
    assert (latest["as_of_date"], latest["run_key"]) == ("2018-01-01", row["run_key"])
