"""Every chart of every family is drawn from the numbers of the published files, as the page embeds them."""

import math
import re
from collections import defaultdict
from datetime import date, timedelta

import pytest

from tests.report.pages import charts_of


@pytest.fixture(scope="module")
def charts(synthetic_month):
    """Of each chart what it says of itself, and its rows."""
    return charts_of((synthetic_month.folder / "report/index.html").read_text(encoding="utf-8"))


def written(number):
    return "" if number is None else f"{number:.12g}"


def numbers(row):
    """Of a chart's row the estimate and the ends of its interval, as a file writes them; an end beyond the
    axis is an arrow."""
    ends = (None if row.get(f"open_{end}") is not None else row[end] for end in ("low", "high"))
    return tuple(written(number) for number in (row["value"], *ends))


def statistics(month, family, metric, key):
    """The primary numbers of a metric, by what a chart calls them."""
    return {
        key(row): (row["estimate"], row["ci_low"], row["ci_high"])
        for row in month.rows("data/statistics.csv")
        if (row["family"], row["metric"], row["is_primary"]) == (family, metric, "true")
    }


def segment_shares(month, said, rows):
    segment = re.fullmatch(r"Share of customers in (.*) by month: .*", said).group(1)
    shares = statistics(month, "customer_segments", "segment_share", lambda row: row["segment"])
    assert [numbers(row) for row in rows] == [shares[segment]]
    assert rows[0]["of"] == {"date": month.run.as_of_date.isoformat()}


def curve_of_installs(month, said, rows):
    metrics = {"On that day": "retention_in_window", "On that day or later": "retention_in_or_after"}
    published = {
        (name, float(days.removesuffix("d"))): found
        for name, metric in metrics.items()
        for (segment, days), found in statistics(
            month, "engagement", metric, lambda row: (row["segment"], row["horizon"])
        ).items()
        if segment == "All cohorts"
    }
    assert {(row["series"], row["x"]): numbers(row) for row in rows} == published


def weeks_of_installs(month, said, rows):
    counts = defaultdict(lambda: [0, 0])
    for row in month.rows("data/retention_cohorts.csv"):
        day = date.fromisoformat(row["cohort_date"])
        held = counts[day - timedelta(days=day.weekday()), f"Day {row['day']}"]
        held[0] += int(row["matured_users"])
        held[1] += int(row["retained_users"] or 0)
    assert {row["of"]["date"] for row in rows} == {
        f"{d}" for d in sorted({monday for monday, _ in counts})[-26:]
    }
    for row in rows:
        matured, retained = counts[date.fromisoformat(row["of"]["date"]), row["x"]]
        if row["known"]:
            assert row["text"] == f"{100 * retained / matured:.0f}%"
            assert f"n = {matured:,}" in row["told"]
        else:
            assert row["too_few"] == (matured > 0)


def funnel(month, said, rows):
    published = {
        row["stage"].replace("_", " ").capitalize(): row
        for row in month.rows("data/journey_funnel_analysis.csv")
        if row["group"] == "All users"
    }
    assert [row["label"] for row in rows] == list(published)
    for row in rows:
        of_file = published[row["label"]]
        ends = (of_file["reached_rate"], of_file["reached_rate_ci_low"], of_file["reached_rate_ci_high"])
        assert tuple(written(row[name]) for name in ("share", "low", "high")) == ends
        assert row["numbers"].startswith(f"{int(of_file['users']):,} users")


def planners_against_passengers(month, said, rows):
    assert [numbers(row) for row in rows if "label" in row] == [
        (row["ratio"], row["ratio_ci_low"], row["ratio_ci_high"])
        for row in month.rows("data/planner_ratios.csv")
    ]


def planners_by_recency(month, said, rows):
    shares = statistics(month, "planners", "planner_recency_share", lambda row: row["segment"])
    assert {row["label"]: numbers(row) for row in rows} == shares


def planners_by_week(month, said, rows):
    metrics = {
        "Of all users by then": "planner_share_to_date",
        "Of the week's new users": "planner_share_of_signups",
    }
    published = {
        (name, week): found
        for name, metric in metrics.items()
        for week, found in statistics(month, "planners", metric, lambda row: row["horizon"]).items()
    }
    assert {(row["series"], row["x"]): numbers(row) for row in rows} == published


def drivers(month, said, rows):
    published = [
        (row["odds_ratio"], row["odds_ratio_ci_low"], row["odds_ratio_ci_high"])
        for row in month.rows("data/retention_driver_details.csv")
    ]
    drawn = [numbers(row) for row in rows if "label" in row]
    assert [found for found in published if found in drawn] == drawn
    left_out = [abs(math.log(float(found[0]))) for found in published if found[0] and found not in drawn]
    assert max(left_out, default=0) <= min(abs(math.log(float(value))) for value, _, _ in drawn)


def retention_by_fee(month):
    return {
        (f"{float(row['acquisition_fee_bps']):g} bps", int(row["k"])): row
        for row in month.rows("data/retention_by_fee.csv")
    }


def curves_by_fee(month, said, rows):
    published = retention_by_fee(month)
    assert {(row["series"], row["x"]) for row in rows} == set(published)
    for row in rows:
        of_file = published[row["series"], row["x"]]
        assert numbers(row) == (of_file["retention_rate"], of_file["ci_low"], of_file["ci_high"])
        assert f"n = {int(of_file['n']):,}" in row["told"]
        assert row["of"] == {"tier": row["series"]}


def cells_by_fee(month, said, rows):
    published = retention_by_fee(month)
    assert {(row["y"], int(row["x"])) for row in rows} == set(published)
    for row in rows:
        of_file = published[row["y"], int(row["x"])]
        rate = of_file["retention_rate"]
        assert row["text"] == (f"{100 * float(rate):.0f}%" if rate else "")
        assert row["known"] == bool(rate)
        assert row["of"] == {"tier": row["y"]}


def new_and_returning(month, said, rows):
    published = {row["period_start_date"]: row for row in month.rows("data/acquisition_by_period.csv")}
    is_share = max(row["value"] for row in rows) <= 1
    for row in rows:
        of_file = published[row["of"]["date"]]
        counts = {"New": of_file["new_swappers"], "Returning": of_file["returning_swappers"]}
        whole = sum(int(count) for count in counts.values()) if is_share else 1
        assert row["value"] == pytest.approx(int(counts[row["group"]]) / whole, rel=1e-12)
    over = {day for day, row in published.items() if row["new_swappers"] and int(row["n"])}
    assert {row["of"]["date"] for row in rows} == over


def trade_sizes(month, said, rows):
    column = {"volume": "volume_share", "fees": "fees_share"}[said.split()[1]]
    starts = {
        row["period_id"]: row["period_start_date"] for row in month.rows("data/acquisition_by_period.csv")
    }
    wholes = defaultdict(float)
    for row in rows:
        wholes[row["of"]["date"]] += row["value"]
    drawn = {
        (row["of"]["date"], row["of"]["segment"]): row["value"] / wholes[row["of"]["date"]] for row in rows
    }
    published = {
        (starts[row["period_id"]], row["segment"]): float(row[column])
        for row in month.rows("data/segment_metrics.csv")
        if row[column]
    }
    assert len(published) > 100
    assert {place: drawn[place] for place in published} == pytest.approx(published, rel=1e-9)


def concentration(month, said, rows):
    curve = [(row["x"], row["y"]) for row in rows if "label" not in row and row["x"] not in (0, 1)]
    shares = statistics(month, "fee_tiers", "top_volume_share", lambda row: row["segment"])
    for name, (estimate, _, _) in shares.items():
        top = int(re.search(r"\d+", name).group()) / 100
        (x0, y0), (x1, y1) = (
            max(point for point in curve if point[0] <= top),
            min(point for point in curve if point[0] >= top),
        )
        within = y0 if x0 == x1 else y0 + (y1 - y0) * (top - x0) / (x1 - x0)
        assert within == pytest.approx(float(estimate), abs=1e-9)


def effects_of_fees(month, said, rows):
    effects = statistics(month, "fee_tiers", "effect_5bps_log_volume_usd", lambda row: row["segment"])
    assert {row["label"]: numbers(row) for row in rows if "label" in row} == effects


def line_of_fees(month, said, rows):
    estimate, _, _ = statistics(month, "fee_tiers", "effect_5bps_log_volume_usd", lambda row: row["segment"])[
        said.partition(":")[0]
    ]
    line = [row for row in rows if "low" in row]
    first, last = line[0], line[-1]
    slope = math.log(last["value"] / first["value"]) / (last["x"] - first["x"])
    assert math.expm1(5 * slope) == pytest.approx(float(estimate), rel=1e-9)
    weeks = {
        row["period_id"]: float(row["final_fee_bps"]) for row in month.rows("data/acquisition_by_period.csv")
    }
    seen = {re.search(r"P\d+", row["told"]).group(): row["x"] for row in rows if "told" in row}
    assert seen.items() <= weeks.items()
    assert len(seen) > 20


def value_by_fee(month):
    return {
        (f"{float(row['acquisition_fee_bps']):g} bps", int(row["horizon_weeks"]), row["discount_rate"]): (
            row["ltv_mean"],
            row["ci_low"],
            row["ci_high"],
        )
        for row in month.rows("data/ltv_by_fee.csv")
    }


def value_over_weeks(month, said, rows):
    drawn = {(row["series"], int(row["x"])): numbers(row) for row in rows}
    of_rates = defaultdict(dict)
    for (tier, weeks, rate), found in value_by_fee(month).items():
        of_rates[rate][tier, weeks] = found
    assert len(of_rates) == 3
    assert drawn in of_rates.values()


def value_at_the_end(month, said, rows):
    weeks = int(re.search(r"first (\d+) weeks", said).group(1))
    of_rates = defaultdict(dict)
    for (tier, horizon, rate), found in value_by_fee(month).items():
        if horizon == weeks:
            of_rates[rate][tier] = found
    assert {row["label"]: numbers(row) for row in rows} in of_rates.values()


CHECKS = {
    r"Share of customers in .* by month": segment_shares,
    r"Users who came back on that day, all install cohorts": curve_of_installs,
    r"Retention by week of sign-up": weeks_of_installs,
    r"Users who reached each stage": funnel,
    r"Mean of planners divided by mean of passengers": planners_against_passengers,
    r"Share of the planners:": planners_by_recency,
    r"Planners among all users by the end of each week": planners_by_week,
    r"Odds ratios of staying four weeks": drivers,
    r"Share of users who swapped in each week after their first": curves_by_fee,
    r"The same shares as shaded cells": cells_by_fee,
    r"New and returning users": new_and_returning,
    r"The (volume|fees) of each fee week by trade size": trade_sizes,
    r"Cumulative share of the volume": concentration,
    r"Change of a user's weekly volume": effects_of_fees,
    r"\w+: typical weekly volume per user": line_of_fees,
    r"Mean discounted fees per user over the first weeks": value_over_weeks,
    r"Mean discounted fees of the first \d+ weeks": value_at_the_end,
}
"""How a chart's description begins -> what holds its rows against the files."""


@pytest.mark.parametrize("begins", CHECKS)
def test_a_chart_is_drawn_from_the_numbers_of_the_files(synthetic_month, charts, begins):
    mine = [(said, rows) for said, rows in charts if re.match(begins, said)]
    assert mine
    for said, rows in mine:
        CHECKS[begins](synthetic_month, said, rows)


def test_no_chart_of_the_report_goes_unchecked(charts):
    assert [said for said, _ in charts if sum(bool(re.match(begins, said)) for begins in CHECKS) != 1] == []


def test_the_values_of_each_horizon_and_rate_are_drawn_once(charts):
    drawn = [rows for said, rows in charts if said.startswith("Mean discounted fees of the first")]
    assert len(drawn) == 15
    assert len({str([numbers(row) for row in rows]) for rows in drawn}) == 15
