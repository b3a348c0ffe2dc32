"""What the rows of `raw.fee_periods` and `raw.market_prices` must keep for fees to be compared at all."""

from include.tidemark.run import Run
from include.tidemark.validation.checks import Check, count_where, warning

PERIODS_IN_ORDER = (
    "fee_periods as (select raw_periods.*, lead(raw_periods.period_start_date) over (order by raw_periods.period_start_date,"
    " raw_periods.period_id) as next_start_date from raw.fee_periods as raw_periods)"
)
"""The periods with the start of the one that follows: common table expression that `period_checks` needs."""
PRICES_IN_ORDER = (
    "market_prices as (select raw_prices.*, lead(raw_prices.price_date) over (order by raw_prices.price_date)"
    " as next_price_date from raw.market_prices as raw_prices)"
)
"""The prices with the day of the one that follows: common table expression that `price_checks` needs."""


def period_checks(run: Run) -> list[Check]:
    """A day has one fee: periods end after they start, do not overlap, and one at least is over."""
    over = f"fee_periods.period_end_date < cast('{run.as_of_date}' as date)"
    return [
        _stops("period_reversed", "fee_periods.period_end_date < fee_periods.period_start_date", "period_end_date",
               "Every period of raw.fee_periods ends on or after its first day.",
               "raw.fee_periods has periods that end before they start ({observed}); correct the dates and reload."),
        _stops("period_overlap", "fee_periods.next_start_date <= fee_periods.period_end_date", "period_start_date",
               "No two periods of raw.fee_periods share a day.",
               "raw.fee_periods has periods that overlap the next one ({observed}), so a day would have two fees; correct the dates"
               " and reload."),
        _stops("negative_fee", "fee_periods.final_fee_bps < 0", "final_fee_bps",
               "No fee of raw.fee_periods is negative.",
               "raw.fee_periods.final_fee_bps is negative in some periods ({observed}); fees are basis points of 0 or more."),
        Check(
            name="periods_before_as_of",
            measure=count_where(over),
            minimum=1,
            column="period_end_date",
            claim=f"raw.fee_periods has a period that ended before the as-of date {run.as_of_date}.",
            failure=f"raw.fee_periods has no period that ended before the as-of date {run.as_of_date}; load the periods, or choose a"
            " later as_of_date.",
        ),
        warning("unknown_fee", "fee_periods.final_fee_bps is null", "final_fee_bps",
                "Every period of raw.fee_periods has a fee.",
                "raw.fee_periods.final_fee_bps is empty in some periods ({observed}); what happened in them belongs to no fee tier."),
        Check(
            name="period_gap",
            measure=count_where("datediff('day', fee_periods.period_end_date, fee_periods.next_start_date) > 1"),
            maximum=0,
            column="period_start_date",
            severity="info",
            claim="The periods of raw.fee_periods follow each other without a gap.",
            failure="raw.fee_periods leaves days between periods ({observed} gaps); transactions of those days belong to no period.",
        ),
    ]  # fmt: skip


def price_checks() -> list[Check]:
    """Prices are above zero and leave no day out."""
    return [
        warning(
            "price_not_positive", "market_prices.btc_usd <= 0 or market_prices.eth_usd <= 0", "btc_usd",
            "Every price of raw.market_prices is above zero.",
            "raw.market_prices holds prices of zero or less ({observed} days), which no market has; correct and reload them.",
        ),
        warning(
            "price_gap", "datediff('day', market_prices.price_date, market_prices.next_price_date) > 1", "price_date",
            "raw.market_prices leaves no day out.",
            "raw.market_prices leaves days out ({observed} gaps); a period's mean price is then of fewer days: reload them.",
        ),
    ]  # fmt: skip


def _stops(name: str, condition: str, column: str, claim: str, failure: str) -> Check:
    return Check(
        name=name, measure=count_where(condition), maximum=0, column=column, claim=claim, failure=failure
    )
