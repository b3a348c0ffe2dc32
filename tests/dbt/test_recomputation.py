"""The models' numbers, computed a second time from the raw rows by other means: plain Python, one customer at
a time."""

from calendar import monthrange
from collections import Counter
from datetime import UTC, date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

GROUPS = {
    "TRAVEL": "travel", "AIRLINES": "travel", "HOTELS": "travel",
    "GROCERY": "necessities", "GAS": "necessities", "UTILITIES": "necessities",
}  # fmt: skip


def completed_months(first: date, as_of: date) -> int:
    """Count up month by month until the anniversary, moved to the end of a short month, is after the as-of
    date."""
    months = 0
    while True:
        year, month = divmod(first.year * 12 + first.month - 1 + months + 1, 12)
        anniversary = date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))
        if anniversary > as_of:
            return months
        months += 1


def cents(amount: Decimal) -> int:
    return int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def dollars(amount_cents: Fraction) -> Decimal:
    rounded = (Decimal(amount_cents.numerator) / amount_cents.denominator).quantize(
        Decimal(1), rounding=ROUND_HALF_UP
    )
    return rounded / 100


def segment_of(row: dict[str, Any], last_90: int, prior_90: int) -> str:
    """Seed 004's rules in exact fractions; its change with an empty prior window decided as growing."""
    change = Fraction(100 * (last_90 - prior_90), prior_90) if prior_90 > 0 else None
    monthly = Fraction(last_90, 300)
    if monthly >= 5000 and row["travel"] is not None and row["travel"] >= 25:
        return "High-Value Travelers"
    if change is not None and change <= -30 and prior_90 >= 200_000:
        return "Declining"
    if row["tenure_months"] <= 6 and (
        (change is not None and change >= 50) or (change is None and last_90 > 0 and row["first_in_windows"])
    ):
        return "New & Growing"
    if monthly < 1500 and row["necessities"] is not None and row["necessities"] >= 60:
        return "Budget-Conscious"
    return "Stable Mid-Spenders"


def recompute(
    transactions: list[dict[str, Any]], testers: set[str], as_of: date
) -> dict[str, dict[str, Any]]:
    zone = ZoneInfo("America/New_York")
    spends: dict[str, list[tuple[date, int, str]]] = {}
    for row in transactions:
        day = row["transaction_at"].replace(tzinfo=UTC).astimezone(zone).date()
        if (row["status"] or "posted") == "posted" and day < as_of and row["user_id"] not in testers:
            group = GROUPS.get((row["category"] or "").strip().upper(), "other")
            spends.setdefault(row["user_id"], []).append((day, cents(row["amount_usd"]), group))

    customers = {}
    for user, spend in spends.items():
        purchases = [item for item in spend if item[1] > 0]
        if not purchases:
            continue
        current, prior = as_of - timedelta(days=90), as_of - timedelta(days=180)
        last_90 = sum(amount for day, amount, _ in spend if day >= current)
        prior_90 = sum(amount for day, amount, _ in spend if prior <= day < current)
        gross = sum(amount for _, amount, _ in purchases)
        shares = {
            group: Fraction(100 * sum(amount for _, amount, name in purchases if name == group), gross)
            for group in ("travel", "necessities")
        }
        row = {"tenure_months": completed_months(min(day for day, _, _ in purchases), as_of), **shares}
        row["first_in_windows"] = min(day for day, _, _ in purchases) >= prior
        customers[user] = {
            "customer_segment": segment_of(row, last_90, prior_90),
            "is_dormant": max(day for day, _, _ in purchases) < prior,
            "total_transactions": len(purchases),
            "lifetime_value": dollars(Fraction(sum(amount for _, amount, _ in spend))),
            "avg_transaction_value": dollars(Fraction(gross, len(purchases))),
            "first_transaction_date": min(day for day, _, _ in purchases),
            "last_transaction_date": max(day for day, _, _ in purchases),
            "tenure_months": row["tenure_months"],
            "spend_last_90_days": dollars(Fraction(last_90)),
            "spend_prior_90_days": dollars(Fraction(prior_90)),
            "spend_change_pct": 100 * (last_90 - prior_90) / prior_90 if prior_90 > 0 else None,
            "avg_monthly_spend": dollars(Fraction(last_90, 3)),
            "travel_spend_pct": float(shares["travel"]),
            "necessities_spend_pct": float(shares["necessities"]),
            "days_since_first_purchase": (as_of - min(day for day, _, _ in purchases)).days,
        }
    return customers


@pytest.fixture(scope="module")
def recomputed(built: Any) -> dict[str, dict[str, dict[str, Any]]]:
    transactions = built.dicts("select * from raw.transactions")
    testers = {user for (user,) in built.rows("select user_id from raw.users where is_test_user")}
    return {
        "earlier_1": recompute(transactions, testers, date(2026, 7, 15)),
        "later_1": recompute(transactions, testers, date(2026, 11, 1)),
    }


def built_rows(built: Any, run_key: str) -> dict[str, dict[str, Any]]:
    rows = built.dicts(
        "select * exclude (as_of_date, run_key) from runs.customer_segments where run_key = ?", [run_key]
    )
    return {row.pop("customer_id"): row for row in rows}


@pytest.mark.parametrize("run_key", ["earlier_1", "later_1"])
def test_every_column_equals_an_independent_recomputation(built: Any, recomputed: Any, run_key: str) -> None:
    assert built_rows(built, run_key) == recomputed[run_key]


def test_the_sample_has_every_segment_and_every_special_case(recomputed: Any) -> None:
    rows = recomputed["later_1"]
    assert len({row["customer_segment"] for row in rows.values()}) == 5
    assert {row["is_dormant"] for row in rows.values()} == {True, False}
    assert any(row["spend_change_pct"] is None for row in rows.values())
    assert rows["exactly at the limits"]["customer_segment"] == "High-Value Travelers"
    assert "refund only" not in rows
    assert "nothing bought" not in rows
    assert "C119" in rows, "a customer without a row in users still counts"
    assert "C040" not in rows, "a tester does not"


def test_movement_counts_each_customer_once(built: Any, recomputed: Any) -> None:
    before, now = recomputed["earlier_1"], recomputed["later_1"]
    expected = Counter(
        (
            before[user]["customer_segment"] if user in before else "New customer",
            now[user]["customer_segment"] if user in now else "No longer a customer",
        )
        for user in before.keys() | now.keys()
    )
    rows = built.rows(
        "select from_segment, to_segment, customers from runs.customer_segment_movement where run_key = 'later_1'"
    )
    assert {(source, target): customers for source, target, customers in rows} == expected
    assert built.rows("select count(*) from runs.customer_segment_movement where run_key = 'earlier_1'") == [
        (0,)
    ]


@pytest.mark.parametrize(("metric", "column"), [("spend_last_90_days",) * 2, ("lifetime_value",) * 2])
def test_cells_hold_the_power_sums_of_the_customers(
    built: Any, recomputed: Any, metric: str, column: str
) -> None:
    expected: dict[tuple[str, bool], list[int]] = {}
    for row in recomputed["later_1"].values():
        value = int(row[column] * 100)
        sums = expected.setdefault((row["customer_segment"], row["is_dormant"]), [0, 0, 0, 0])
        for power in range(4):
            sums[power] += value**power
    cells = built.rows(
        "select customer_segment, is_dormant, sum(n), sum(s1), sum(s2), sum(s3) from runs.customer_segment_cells"
        " where run_key = 'later_1' and metric = ? group by all",
        [metric],
    )
    assert {
        (segment, dormant): [int(value) for value in sums] for segment, dormant, *sums in cells
    } == expected


def test_a_cell_holds_amounts_of_the_same_sign_size_and_leading_digits(built: Any, recomputed: Any) -> None:
    expected: Counter[str] = Counter()
    for row in recomputed["later_1"].values():
        value = int(row["spend_last_90_days"] * 100)
        digits = str(abs(value))
        expected["0" if value == 0 else f"{'-' if value < 0 else '+'}{len(digits):02}:{digits[:2]}"] += 1
    cells = built.rows(
        "select bin, sum(n) from runs.customer_segment_cells"
        " where run_key = 'later_1' and metric = 'spend_last_90_days' group by bin"
    )
    assert {bin_name: int(n) for bin_name, n in cells} == expected


def test_the_backtest_follows_the_customers_of_the_earlier_run(built: Any, recomputed: Any) -> None:
    zone, later = ZoneInfo("America/New_York"), Counter[str]()
    for row in built.dicts("select * from raw.transactions where coalesce(status, 'posted') = 'posted'"):
        day = row["transaction_at"].replace(tzinfo=UTC).astimezone(zone).date()
        if date(2026, 7, 15) <= day < date(2026, 10, 13):
            later[row["user_id"]] += cents(row["amount_usd"])
    expected: dict[str, list[int]] = {}
    for user, row in recomputed["earlier_1"].items():
        x, y = int(row["spend_last_90_days"] * 100), later[user]
        sums = expected.setdefault(row["customer_segment"], [0] * 6)
        for place, value in enumerate([1, x, y, x * x, y * y, x * y]):
            sums[place] += value
    cells = built.rows(
        "select customer_segment, sum(n), sum(prior_s1), sum(later_s1), sum(prior_s2), sum(later_s2), sum(cross_s2)"
        " from runs.customer_segment_backtest_cells where run_key = 'later_1' group by all"
    )
    assert {segment: [int(value) for value in sums] for segment, *sums in cells} == expected
