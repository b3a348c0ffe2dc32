"""What each candidate row must keep: complete, unique, in the segment that its own numbers say, and consistent."""

from functools import partial

from include.tidemark.families.customer_segments.definitions import SEGMENTS
from include.tidemark.run import Run
from include.tidemark.sources.literals import text_literal
from include.tidemark.validation.candidates import complete_rows
from include.tidemark.validation.checks import Asset, Check, never, text_list

CANDIDATE = "runs.customer_segments"

_never = partial(never, CANDIDATE)

_REQUIRED = (
    "customer_id", "customer_segment", "is_dormant", "total_transactions", "lifetime_value", "avg_transaction_value",
    "first_transaction_date", "last_transaction_date", "tenure_months", "spend_last_90_days", "spend_prior_90_days",
    "avg_monthly_spend",
)  # fmt: skip


def candidate_rows(run: Run) -> Asset:
    """The suite of the rows that dbt built for this run."""
    checks = [
        *complete_rows(run, CANDIDATE, "customer_id", _REQUIRED),
        _never("unknown_segment", f"customer_segment not in {text_list(SEGMENTS)}",
               "every customer_segment is one of the five.", "customer_segment"),
        *_definition_checks(run),
        *_identity_checks(run),
    ]  # fmt: skip
    return Asset(
        name="models.customer_segments",
        table=CANDIDATE,
        source=f"{CANDIDATE} where run_key = '{run.run_key}'",
        checks=tuple(checks),
        needs=(CANDIDATE,),
    )


def _criteria(run: Run) -> dict[str, str]:
    """The rule of each segment but the last, on the published columns.

    Average monthly spend is compared as three months of spend: rounded to the cent it could cross a threshold.
    """
    rules = run.rules
    growing = f"spend_change_pct >= {rules.new_growing_min_spend_change_pct}"
    if rules.new_without_prior_is_growing:
        growing = f"({growing} or (spend_change_pct is null and spend_last_90_days > 0))"
    return {
        "High-Value Travelers": f"spend_last_90_days >= 3 * {rules.high_value_min_avg_monthly_spend}"
        f" and travel_spend_pct >= {rules.high_value_min_travel_pct}",
        "Declining": f"spend_change_pct <= {rules.declining_max_spend_change_pct}"
        f" and spend_prior_90_days >= {rules.declining_min_prior_spend}",
        "New & Growing": f"tenure_months <= {rules.new_growing_max_tenure_months} and {growing}",
        "Budget-Conscious": f"spend_last_90_days < 3 * {rules.budget_max_avg_monthly_spend}"
        f" and necessities_spend_pct >= {rules.budget_min_necessities_pct}",
    }


def _definition_checks(run: Run) -> list[Check]:
    criteria = _criteria(run)
    any_of_them = " or ".join(f"coalesce({condition}, false)" for condition in criteria.values())
    branches = " ".join(f"when {condition} then {text_literal(name)}" for name, condition in criteria.items())
    decided = f"case {branches} else {text_literal(SEGMENTS[-1])} end"
    return [
        *(
            _never(
                f"criteria_{_slug(name)}",
                f"customer_segment = {text_literal(name)} and not coalesce({condition}, false)",
                f"every customer in {name} meets its criteria.",
                "customer_segment",
            )
            for name, condition in criteria.items()
        ),
        _never(
            f"criteria_{_slug(SEGMENTS[-1])}",
            f"customer_segment = {text_literal(SEGMENTS[-1])} and ({any_of_them})",
            f"nobody in {SEGMENTS[-1]} meets the criteria of another segment.",
            "customer_segment",
        ),
        _never(
            "segment_priority",
            f"customer_segment <> {decided}",
            "every customer is in the first segment whose criteria hold.",
            "customer_segment",
        ),
    ]


def _identity_checks(run: Run) -> list[Check]:
    outside = "{0} is not null and not ({0} between 0 and 100)"
    change = "100.0 * (spend_last_90_days - spend_prior_90_days) / nullif(spend_prior_90_days, 0)"
    dormant_before = f"cast('{run.prior_window_start}' as date)"
    return [
        *(
            _never(f"{column}_outside_0_100", outside.format(column), f"{column} is between 0 and 100.", column)
            for column in ("travel_spend_pct", "necessities_spend_pct")
        ),
        _never("shares_above_100", "travel_spend_pct + necessities_spend_pct > 100 + 1e-9",
               "travel_spend_pct and necessities_spend_pct together are at most 100.", "travel_spend_pct"),
        # Half a cent of rounding, and a little for the division.
        _never("avg_monthly_spend_identity", "abs(avg_monthly_spend - spend_last_90_days / 3) > 0.0051",
               "avg_monthly_spend is a third of spend_last_90_days.", "avg_monthly_spend"),
        _never("spend_change_identity",
               f"spend_prior_90_days > 0 and not coalesce(abs(spend_change_pct - {change}) <= 1e-4 * (1 + abs(spend_change_pct)),"
               " false)", "spend_change_pct follows from the two windows.", "spend_change_pct"),
        _never("spend_change_without_prior", "spend_prior_90_days <= 0 and spend_change_pct is not null",
               "spend_change_pct is null where the prior window holds no spend.", "spend_change_pct"),
        _never("dates_out_of_order",
               "first_transaction_date > last_transaction_date"
               f" or last_transaction_date >= cast('{run.as_of_date}' as date)",
               "first_transaction_date is not after last_transaction_date, which is before the as-of date.",
               "last_transaction_date"),
        _never("dormant_identity", f"is_dormant <> (last_transaction_date < {dormant_before})",
               "is_dormant says that the last purchase is before the prior window.", "is_dormant"),
        _never("no_purchase", "total_transactions < 1 or avg_transaction_value < 0 or tenure_months < 0",
               "every customer has a purchase, and neither average nor tenure is negative.", "total_transactions"),
    ]  # fmt: skip


def _slug(segment: str) -> str:
    return "_".join(segment.lower().replace("&", "and").replace("-", " ").split())
