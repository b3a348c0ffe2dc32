"""Fee tiers as published: the files, their numbers computed again from the landing files, and the planted
truth."""

import math
from collections import defaultdict
from statistics import fmean

import duckdb
import pytest

from include.tidemark.artifacts.wide_tables import wide_tables
from include.tidemark.demo.synthetic import truth
from include.tidemark.families.family import folder_of
from include.tidemark.families.fee_tiers.definitions import TRADE_SIZES
from include.tidemark.families.fee_tiers.questions import all_weeks_name
from include.tidemark.report import words
from tests.demo import consequences

# The same numbers by other means: one query over the landing files that knows nothing of the models.
SWAPS = """
    with swaps as (
        select user_id, amount_usd, coalesce(fee_usd, 0) as fee_usd,
            cast(timezone('America/New_York', timezone('UTC', transaction_at)) as date) as day
        from '{landing}/transactions.parquet'
        where coalesce(lower(trim(status)), 'posted') = 'posted'
            and user_id not in (select user_id from '{landing}/users.parquet' where is_test_user)
    ),
    placed as (
        select swaps.*, periods.period_id, dense_rank() over (order by periods.period_start_date) as week,
            periods.period_start_date, periods.period_end_date, periods.final_fee_bps as fee
        from swaps inner join '{landing}/fee_periods.parquet' as periods
            on swaps.day between periods.period_start_date and periods.period_end_date
        where swaps.day < date '2026-07-01'
    ),
    firsts as (
        select user_id, min(day) as first_day from swaps where amount_usd > 0 and day < date '2026-07-01' group by user_id
    )
"""


def again(month, sql):
    return duckdb.sql(SWAPS.format(landing=month.landing) + sql).fetchall()


def test_every_way_in_which_an_interval_is_made_has_words_for_a_reader(synthetic_month):
    made = {
        row["method"]
        for row in synthetic_month.rows("data/statistics.csv")
        if row["ci_low"] or row["ci_high"]
    }
    assert len(made) > 20
    assert made <= set(words.METHODS)


def close(row, planted, widened=0.5):
    """Several intervals are looked at together: each is widened, so that a true one fails once in thousands
    of data sets."""
    margin = widened * (row["ci_high"] - row["ci_low"])
    return row["ci_low"] - margin <= planted <= row["ci_high"] + margin


def test_the_planted_retention_of_each_fee_and_week_is_found(synthetic_month):
    rows = synthetic_month.numbers("fee_tiers", "retention_in_window", method="wilson")
    assert {row["segment"] for row in rows} == {f"{fee:g} bps" for fee in consequences.FEE_TIERS_BPS}
    inside = 0
    for row in rows:
        planted = consequences.weekly_retention(
            float(row["segment"].split()[0]), int(row["horizon"].split()[1])
        )
        assert close(row, planted), row
        inside += row["ci_low"] <= planted <= row["ci_high"]
    assert inside >= 0.88 * len(rows)


def test_the_planted_effect_of_the_fee_on_retention_is_found(synthetic_month):
    weeks = all_weeks_name(12)
    (row,) = synthetic_month.numbers("fee_tiers", "odds_ratio_5bps", horizon=weeks, method="logit_jackknife")
    assert close(row, math.exp(5 * truth.RETENTION_PER_BPS))
    assert row["ci_high"] < 1
    (change,) = synthetic_month.numbers(
        "fee_tiers", "retention_change_5bps", horizon=weeks, method="logit_jackknife"
    )
    assert change["ci_high"] < 0
    single = synthetic_month.numbers(
        "fee_tiers", "retention_change_5bps", horizon="week 1", method="logit_jackknife"
    )
    assert single[0]["family_size"] == "12"


@pytest.mark.parametrize("size", TRADE_SIZES)
def test_the_planted_elasticity_of_each_trade_size_is_found(synthetic_month, size):
    planted = math.expm1(5 * truth.TRADE_CLASSES[size].log_response_per_bps)
    (wild,) = synthetic_month.numbers(
        "fee_tiers", "effect_5bps_log_volume_usd", segment=size, method="wild_enumerated"
    )
    (poisson,) = synthetic_month.numbers("fee_tiers", "effect_5bps_volume_usd", segment=size)
    assert close(wild, planted)
    assert close(poisson, planted)
    assert wild["estimate"] == pytest.approx(planted, abs=0.04)


def test_a_larger_trade_size_answers_more_to_the_fee(synthetic_month):
    found = [
        synthetic_month.numbers("fee_tiers", "effect_5bps_log_volume_usd", segment=size, method="cr3_t")[0][
            "estimate"
        ]
        for size in TRADE_SIZES
    ]
    assert found == sorted(found, reverse=True)


def test_the_cohort_file_gives_the_published_rates_and_holds_no_plain_id(synthetic_month):
    rows = synthetic_month.rows("data/user_cohorts.csv")
    users = {row["user_address"] for row in rows}
    assert len(rows) == 13 * len(users)
    assert all(row["retained_flag"] == "1" for row in rows if row["k"] == "0")
    flags = defaultdict(list)
    for row in rows:
        if row["retained_flag"]:
            flags[row["first_seen_fee_bps"], row["k"]].append(int(row["retained_flag"]))
    published = synthetic_month.rows("data/retention_by_fee.csv")
    assert len(published) == 13 * len(consequences.FEE_TIERS_BPS)
    for row in published:
        mean = fmean(flags[row["acquisition_fee_bps"], row["k"]])
        assert float(row["retention_rate"]) == pytest.approx(mean, abs=1e-9)
    plain = {
        user
        for (user,) in duckdb.sql(f"select user_id from '{synthetic_month.landing}/users.parquet'").fetchall()
    }
    assert not plain & users
    assert len(users) == len(
        again(
            synthetic_month,
            """
        select firsts.user_id from firsts inner join placed on firsts.user_id = placed.user_id
            and firsts.first_day = placed.day group by firsts.user_id""",
        )
    )


def test_new_and_returning_users_are_those_of_the_landing_files(synthetic_month):
    wanted = again(
        synthetic_month,
        """
        select period_id, count(distinct placed.user_id) filter (first_day between period_start_date and period_end_date),
            count(distinct placed.user_id) filter (first_day < period_start_date)
        from placed inner join firsts on placed.user_id = firsts.user_id
        where amount_usd > 0 and period_end_date < date '2026-07-01' group by period_id""",
    )
    rows = synthetic_month.rows("data/acquisition_by_period.csv")
    found = {
        row["period_id"]: (int(row["new_swappers"]), int(row["returning_swappers"]))
        for row in rows
        if row["new_swappers"]
    }
    assert found == {period: (new, returning) for period, new, returning in wanted}
    (unfinished,) = [row for row in rows if not row["new_swappers"]]
    assert unfinished["period_start_date"] == "2026-06-30"
    assert unfinished["returning_swappers"] == ""


def test_the_shares_of_a_week_are_those_of_the_landing_files_and_sum_to_1(synthetic_month):
    wanted = {
        (period, size): (volume, fees)
        for period, size, volume, fees in again(
            synthetic_month,
            """
            , weeks as (
                select period_id, placed.user_id, sum(amount_usd) filter (amount_usd > 0) as volume, sum(fee_usd) as fees
                from placed inner join firsts on placed.user_id = firsts.user_id group by period_id, placed.user_id
            ),
            sized as (
                select *, case when volume > 100000 then 'whale' when volume >= 10000 then 'large'
                    when volume >= 1000 then 'medium' when volume >= 100 then 'small' else 'micro' end as size
                from weeks where volume is not null
            ),
            sums as (select period_id, size, sum(volume) as volume, sum(fees) as fees from sized group by period_id, size)
            select period_id, size, volume / sum(volume) over (partition by period_id),
                fees / sum(fees) over (partition by period_id)
            from sums""",
        )
    }
    rows = synthetic_month.rows("data/segment_metrics.csv")
    assert len(rows) == 47 * len(TRADE_SIZES)
    sums = defaultdict(float)
    for row in rows:
        if row["volume_share"]:
            volume, fees = wanted[row["period_id"], row["segment"]]
            assert float(row["volume_share"]) == pytest.approx(float(volume), rel=1e-6)
            assert float(row["fees_share"]) == pytest.approx(float(fees), rel=1e-6)
            sums[row["period_id"]] += float(row["volume_share"])
    assert len(sums) == 46
    complete = [
        total
        for period, total in sums.items()
        if all(r["volume_share"] for r in rows if r["period_id"] == period)
    ]
    assert complete
    assert complete == pytest.approx([1.0] * len(complete))
    last = [row for row in rows if row["period_id"] == rows[-1]["period_id"]]
    assert all(row["volume_share"] == row["retention_rate"] == "" for row in last)


def test_the_lifetime_value_is_the_mean_of_the_discounted_fees_of_the_landing_files(synthetic_month):
    wanted = again(
        synthetic_month,
        """
        , cohort as (
            select firsts.user_id, any_value(placed.week) as week, any_value(placed.fee) as fee
            from firsts inner join placed on firsts.user_id = placed.user_id and firsts.first_day = placed.day
            group by firsts.user_id
        ),
        complete as (select max(week) as week from placed where period_end_date < date '2026-07-01'),
        paid as (
            select cohort.user_id, cohort.fee, sum(coalesce(placed.fee_usd, 0) / pow(1.1, (placed.week - cohort.week) * 7 / 365.25)) as value
            from cohort cross join complete left join placed on cohort.user_id = placed.user_id
                and placed.week between cohort.week and cohort.week + 11
            where complete.week - cohort.week + 1 >= 12 group by all
        )
        select fee, avg(value) from paid group by fee""",
    )
    found = {
        float(row["acquisition_fee_bps"]): row
        for row in synthetic_month.rows("data/ltv_by_fee.csv")
        if (row["horizon_weeks"], row["discount_rate"]) == ("12", "0.1")
    }
    assert set(found) == set(consequences.FEE_TIERS_BPS) == {fee for fee, _ in wanted}
    compared = 0
    for fee, value in wanted:
        if found[fee]["ltv_mean"]:
            assert float(found[fee]["ltv_mean"]) == pytest.approx(float(value), rel=1e-5)
            compared += 1
    assert compared >= 3
    assert len(synthetic_month.rows("data/ltv_by_fee.csv")) == 5 * 5 * 3


def test_a_week_that_is_not_over_is_null_and_says_so(synthetic_month):
    rows = [row for row in synthetic_month.rows("data/statistics.csv") if row["family"] == "fee_tiers"]
    unfinished = [row for row in rows if row["is_mature"] == "false"]
    assert {row["reason"] for row in unfinished} == {"window_not_complete"}
    assert {"volume_share", "fees_share", "avg_fee_paid_usd", "retention_next_week", "new_share"} <= {
        row["metric"] for row in unfinished
    }
    assert all(row["estimate"] == "" for row in unfinished)


def test_the_report_shows_every_section_and_the_files_behind_it(synthetic_month):
    page = (synthetic_month.folder / "report/index.html").read_text(encoding="utf-8")
    for anchor in ("retention", "acquisition", "sizes", "elasticity", "value", "definitions"):
        assert f'id="fee-tiers-{anchor}"' in page, anchor
    for name in wide_tables(folder_of("fee_tiers") / "tables.yml").tables:
        assert f"{name}.csv" in page
    assert "Back in week 4" in page


def test_the_definitions_hold_the_numbers_of_the_rules(synthetic_month):
    found = synthetic_month.json("definitions/segment_definitions.json")["families"]["fee_tiers"]
    assert [entry["segment"] for entry in found["segments"]] == list(TRADE_SIZES)
    assert found["segments"][0]["criteria"].startswith("Below $")
    assert found["cohorts_followed_weeks"] == 12
    assert set(found["left_out_of_cohorts"]) == {
        "before_fee_periods",
        "outside_fee_periods",
        "no_fee_known",
        "excluded_week",
    }
