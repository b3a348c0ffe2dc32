"""Fee periods and market prices."""

from include.tidemark.demo.synthetic import truth
from include.tidemark.demo.synthetic.draws import key


def fee_periods() -> str:
    """SQL of the raw fee periods."""
    rows = ", ".join(
        f"('P{period.number:02d}', date '{period.start}', date '{period.end}', {period.fee_bps}::double)"
        for period in truth.fee_periods()
    )
    return f"""
        select *, timestamp '{truth.FIRST_DAY}' as delivered_at
        from (values {rows}) as t(period_id, period_start_date, period_end_date, final_fee_bps)
    """


def market_prices(seed: int) -> str:
    """SQL of the raw prices: a random walk of the logarithm, the two currencies moving together in part."""
    return f"""
        with steps as (
            select day::integer as day, normal(k, 1) as both_move, normal(k, 3) as own_move
            from (select day, {key("day", seed + 1)} as k from range({truth.LAST + 1}) as t(day))
        )
        select
            date '{truth.FIRST_DAY}' + day as price_date,
            round(94000 * exp(sum(0.022 * both_move) over walk), 2) as btc_usd,
            round(3350 * exp(sum(0.028 * both_move + 0.018 * own_move) over walk), 2) as eth_usd,
            date '{truth.FIRST_DAY}' + day + interval '1 day' as delivered_at
        from steps
        window walk as (order by day)
        order by price_date
    """
