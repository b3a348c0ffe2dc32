"""How the numbers of the fee tiers changed since earlier months, with the fee weeks of the first swaps as the
observations.

Between two months nearly all weeks are the same weeks; what changes a tier's number are the weeks whose
windows have ended since.
"""

from collections.abc import Iterable

from include.tidemark.families.comparison_part import known_of_earlier
from include.tidemark.families.fee_tiers.definitions import TRADE_SIZES
from include.tidemark.families.fee_tiers.questions import (
    all_weeks_name,
    fee_week_rows,
    tier_counts,
    tier_name,
    week_name,
)
from include.tidemark.families.fee_tiers.retention_tables import ALL_TIERS
from include.tidemark.families.fee_tiers.size_rows import (
    FEE_PAID,
    NEW_SHARE,
    NEXT_WEEK,
    SHARES,
    TOP_PCT,
    TOP_SHARE,
    top_name,
)
from include.tidemark.families.fee_tiers.value_sums import UNITS_A_DOLLAR, value_cells, week_sums
from include.tidemark.families.unit_comparison import unit_changes
from include.tidemark.run import Run
from include.tidemark.statistics.cells import merge
from include.tidemark.statistics.change import Kind
from include.tidemark.statistics.change_rows import ChangeRow, adjusted_rows
from include.tidemark.statistics.lifetime_value import METRIC as VALUE
from include.tidemark.statistics.lifetime_value import horizon_name
from include.tidemark.statistics.retention import METRICS
from include.tidemark.statistics.trust import tail_of
from include.tidemark.statistics.unit_months import Key, UnitNumber, against_rest
from include.tidemark.warehouse.base import Warehouse

EACH_WEEK = "each fee week"
"""The horizon of the one row that stands for the weeks of a trade size, none of which changes once it is
over."""
_EFFECTS: dict[str, Kind] = {"odds_ratio_5bps": "ratio", "retention_change_5bps": "share"}
_SLOPES = ("effect_5bps_log_volume_usd", "effect_5bps_volume_usd")


def changes(run: Run, warehouse: Warehouse) -> list[ChangeRow]:
    """The change of retention and lifetime value by tier and against all other tiers; of trade sizes and
    effects that it is not judged, and why."""
    rows = unit_changes(run, "fee_tiers", lambda of: _numbers(of, warehouse), list(_unjudged(run)))
    return adjusted_rows(known_of_earlier(run, "fee_tiers", rows, warehouse, "runs.fct_user_cohorts"))


def _numbers(run: Run, warehouse: Warehouse) -> dict[Key, UnitNumber]:
    found = retention_numbers(run, warehouse) | _values(run, warehouse)
    return found | against_rest(found, (*METRICS, VALUE))


def retention_numbers(run: Run, warehouse: Warehouse) -> dict[Key, UnitNumber]:
    """The retention of each tier and of all, by fee week of the first swap."""
    units: dict[Key, dict[str, tuple[int, float]]] = {}
    days = _first_days(run, warehouse)
    for count in tier_counts(run, warehouse):
        week = days[str(count.unit)]
        for metric in METRICS:
            active, n = count.outcome(metric)
            units.setdefault((metric, count.group, count.window), {})[week] = n, active
        # A week has one fee, so each of them is in one tier.
        everybody = units.setdefault((ALL_TIERS, None, count.window), {})
        everybody[week] = count.matured, count.active_in_window
    return {key: UnitNumber("share", held) for key, held in units.items()}


def _values(run: Run, warehouse: Warehouse) -> dict[Key, UnitNumber]:
    cells = value_cells(run, warehouse)
    rates = [rate / 100 for rate in run.rules.fee_ltv_discount_rates_pct]
    sums = week_sums(run, warehouse, run.rules.fee_ltv_horizon_weeks, rates)
    days = _first_days(run, warehouse)
    found: dict[Key, UnitNumber] = {}
    for (fee, weeks, rate), held in sums.items():
        everybody = merge(of for key, of in cells.items() if key[1:] == (weeks, rate))
        found[VALUE, tier_name(fee), horizon_name(weeks, rate)] = UnitNumber(
            "mean",
            {days[week]: of for week, of in held.items()},
            users=cells.get((fee, weeks, rate), merge([])),
            everybody=tail_of(everybody) if everybody.size else None,
            scale=UNITS_A_DOLLAR,
        )
    return found


def _first_days(run: Run, warehouse: Warehouse) -> dict[str, str]:
    """Name of each fee week -> its first day, in whose order neighbours are compared: names are a
    deployment's own, W10 before W2."""
    return {
        str(week["period_id"]): week["period_start_date"].isoformat()
        for week in fee_week_rows(run, warehouse)
    }


def _unjudged(run: Run) -> Iterable[tuple[Key, Kind, str]]:
    """The numbers of a week that is over are of the same users in both months; a model has all weeks of both
    in it."""
    for size in TRADE_SIZES:
        for metric in (*SHARES, NEXT_WEEK):
            yield (metric, size, EACH_WEEK), "share", "same_users"
        yield (FEE_PAID, size, EACH_WEEK), "mean", "same_users"
        for metric in _SLOPES:
            yield (metric, size, None), "ratio", "not_paired"
    yield (NEW_SHARE, None, EACH_WEEK), "share", "same_users"
    for percent in TOP_PCT:
        yield (TOP_SHARE, top_name(percent), None), "share", "descriptive"
    weeks = run.rules.fee_retention_weeks
    for metric, kind in _EFFECTS.items():
        for horizon in (*(week_name(k) for k in range(1, weeks + 1)), all_weeks_name(weeks)):
            yield (metric, None, horizon), kind, "not_paired"
