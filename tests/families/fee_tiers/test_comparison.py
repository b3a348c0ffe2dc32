"""The fee weeks as the units of changes: weeks that follow each other are neighbours, whatever a deployment
calls them."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from include.tidemark.families.fee_tiers.comparison import retention_numbers
from include.tidemark.statistics.unit_months import UnitMonths

if TYPE_CHECKING:
    from include.tidemark.run import Run
    from include.tidemark.warehouse.base import Warehouse

WEEKS = 30


class Tables:
    """A warehouse that answers with the weeks W1 to W30 and, of each, 200 users of whom more come back from
    week to week in a wave."""

    def fetch(self, sql: str, _: Any) -> list[dict[str, Any]]:
        first = date(2026, 1, 5)
        if "fct_weekly_summary_final" in sql:
            return [
                {"period_id": f"W{week}", "period_start_date": first + timedelta(7 * week)}
                for week in range(1, WEEKS + 1)
            ]
        return [
            {
                "first_seen_fee_bps": 10.0,
                "first_seen_week": week,
                "first_seen_period_id": f"W{week}",
                "k": 1,
                "users": 200,
                "matured": 200,
                "active": 60 + 40 * (week // 5 % 2),
                "followed": 200,
                "active_or_later": 100,
            }
            for week in range(1, WEEKS + 1)
        ]


def test_weeks_are_in_the_order_of_their_days_not_of_their_names() -> None:
    run = SimpleNamespace(run_key="r", rules=SimpleNamespace(fee_retention_weeks=1))
    numbers = retention_numbers(cast("Run", run), cast("Warehouse", Tables()))
    today = numbers["retention_in_window", "10 bps", "week 1"]
    held = UnitMonths.of([today, today])
    assert held.totals.tolist() == [60.0 + 40 * (week // 5 % 2) for week in range(1, WEEKS + 1)]
    # By name W10 would follow W1, and what lasts for five weeks would not be seen.
    assert held.lasts
