"""What the rows of the fee periods and the market prices must keep for fees to be compared at all."""

from include.tidemark.run import Run
from include.tidemark.sources.rows import SourceRows
from include.tidemark.validation.checks import Check, count_where, warning


def periods_in_order(rows: str) -> str:
    """The periods with the start of the one that follows: common table expression that `period_checks` needs.

    Args:
        rows: SQL of the periods.
    """
    return (
        "fee_periods as (select periods.*, lead(periods.period_start_date) over (order by periods.period_start_date,"
        f" periods.period_id) as next_start_date from {rows} as periods)"
    )


def prices_in_order(rows: str) -> str:
    """The prices with the day of the one that follows: common table expression that `price_checks` needs.

    Args:
        rows: SQL of the prices.
    """
    return (
        "market_prices as (select prices.*, lead(prices.price_date) over (order by prices.price_date)"
        f" as next_price_date from {rows} as prices)"
    )


def period_checks(rows: SourceRows, run: Run) -> list[Check]:
    """A day has one fee: periods end after they start, do not overlap, and one at least is over."""
    table = rows.relation
    over = f"fee_periods.period_end_date < cast('{run.as_of_date}' as date)"
    return [
        _stops("period_reversed", "fee_periods.period_end_date < fee_periods.period_start_date", "period_end_date",
               f"Every period of {table} ends on or after its first day.",
               f"{table} has periods that end before they start ({{observed}}); correct the dates and reload."),
        _stops("period_overlap", "fee_periods.next_start_date <= fee_periods.period_end_date", "period_start_date",
               f"No two periods of {table} share a day.",
               f"{table} has periods that overlap the next one ({{observed}}), so a day would have two fees; correct the dates"
               " and reload."),
        _stops("negative_fee", "fee_periods.final_fee_bps < 0", "final_fee_bps",
               f"No fee of {table} is negative.",
               f"{table}.final_fee_bps is negative in some periods ({{observed}}); fees are basis points of 0 or more."),
        Check(
            name="periods_before_as_of",
            measure=count_where(over),
            minimum=1,
            column="period_end_date",
            claim=f"{table} has a period that ended before the as-of date {run.as_of_date}.",
            failure=f"{table} has no period that ended before the as-of date {run.as_of_date}; load the periods, or choose a"
            " later as_of_date.",
        ),
        warning("unknown_fee", "fee_periods.final_fee_bps is null", "final_fee_bps",
                f"Every period of {table} has a fee.",
                f"{table}.final_fee_bps is empty in some periods ({{observed}}); what happened in them belongs to no fee tier."),
        Check(
            name="period_gap",
            measure=count_where("datediff('day', fee_periods.period_end_date, fee_periods.next_start_date) > 1"),
            maximum=0,
            column="period_start_date",
            severity="info",
            claim=f"The periods of {table} follow each other without a gap.",
            failure=f"{table} leaves days between periods ({{observed}} gaps); transactions of those days belong to no period.",
        ),
    ]  # fmt: skip


def price_checks(rows: SourceRows) -> list[Check]:
    """Prices are above zero and leave no day out."""
    table = rows.relation
    return [
        warning(
            "price_not_positive", "market_prices.btc_usd <= 0 or market_prices.eth_usd <= 0", "btc_usd",
            f"Every price of {table} is above zero.",
            f"{table} holds prices of zero or less ({{observed}} days), which no market has; correct and reload them.",
        ),
        warning(
            "price_gap", "datediff('day', market_prices.price_date, market_prices.next_price_date) > 1", "price_date",
            f"{table} leaves no day out.",
            f"{table} leaves days out ({{observed}} gaps); a period's mean price is then of fewer days: reload them.",
        ),
    ]  # fmt: skip


def _stops(name: str, condition: str, column: str, claim: str, failure: str) -> Check:
    return Check(
        name=name, measure=count_where(condition), maximum=0, column=column, claim=claim, failure=failure
    )
