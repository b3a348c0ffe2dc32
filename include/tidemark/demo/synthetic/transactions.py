"""What users spend: weeks in which they buy, the purchases of those weeks, and the rows around them."""

from include.tidemark.demo.synthetic import truth
from include.tidemark.demo.synthetic.draws import pick
from include.tidemark.demo.synthetic.truth import LAST, day_number

_LAST_WEEK = (LAST + 1) // 7
_FEE_START = day_number(truth.FEE_START)
_FEE_START_WEEK = (_FEE_START + 1) // 7


def _fee_by_week() -> str:
    """SQL of the fee of a week in basis points; the week in which the experiment starts has its fee."""
    runs = [
        f"when week <= {(day_number(period.end) + 1) // 7} then {period.fee_bps}"
        for period in truth.fee_periods()
    ]
    return f"case when week < {_FEE_START_WEEK} then null {' '.join(runs)} end"


def _buys() -> str:
    starts, ends = ((day_number(day) + 1) // 7 for day in (truth.DECLINE_STARTS, truth.DECLINE_ENDS))
    phase = "floor(draw(k, 80) * 12)::integer"
    return f"""
        case
            when week = local_week(first_spend_day) then true
            when portrait = 'new' then draw(sub_key(k, 300, week), 1) < logistic(
                {truth.RETENTION_INTERCEPT} + {truth.RETENTION_PER_BPS} * acquisition_bps
                + {truth.RETENTION_PER_LOG_WEEK} * ln(week - local_week(first_spend_day)))
            when portrait = 'declining' and week >= {ends} then false
            when portrait = 'declining' and week >= {starts} then (week + {phase}) % 4 = 0
            else (week + {phase}) % 3 <> 0
        end
    """


def user_weeks() -> str:
    """SQL of the table `user_weeks`: one row per user and week with purchases, with the week's volume in
    dollars."""
    responses = " ".join(
        f"when '{name}' then {each.log_response_per_bps}" for name, each in truth.TRADE_CLASSES.items()
    )
    one, two, _ = truth.PURCHASES_PER_WEEK
    return f"""
        with weeks as (
            select *, unnest(range(local_week(first_spend_day), {_LAST_WEEK + 1}))::integer as week
            from plan where portrait is not null
        ), buying as (
            select *, mix(sub_key(k, 301, week)) as w, {_fee_by_week()} as fee_bps from weeks where {_buys()}
        )
        select
            i, week, w, portrait, fee_bps, local_week(first_spend_day) = week as is_first, first_spend_second,
            case when local_week(first_spend_day) = week then first_spend_day else {_day_of_week()} end as day,
            exp(
                log_volume + {truth.WEEKLY_NOISE} * (2 * draw(w, 2) - 1)
                + coalesce(fee_bps - {truth.USUAL_FEE_BPS}, 0) * case trade_class {responses} end
            ) as volume,
            (case when draw(w, 3) < {one} then 1 when draw(w, 3) < {one + two} then 2 else 3 end)::utinyint as purchases
        from buying
    """


def _day_of_week() -> str:
    """A week's purchases fall on one day, in the first week of the experiment after its start, so that no
    week's volume is cut in two."""
    first = _FEE_START - (_FEE_START_WEEK * 7 - 1)
    return (
        f"week * 7 - 1 + case when week = {_FEE_START_WEEK} then {first} + floor(draw(w, 1) * {7 - first})::integer"
        " else floor(draw(w, 1) * 7)::integer end"
    )


_PARTS = {1: (1.0,), 2: (0.65, 0.35), 3: (0.5, 0.3, 0.2)}
"""How a week's volume is split over its purchases."""


def _purchases() -> str:
    shares = " ".join(
        f"when purchases = {count} and j = {place} then {share}"
        for count, parts in _PARTS.items()
        for place, share in enumerate(parts)
    )
    spelled = truth.NULL_STATUS_SHARE + truth.SPELLED_STATUS_SHARE
    return f"""
        select
            i, week, w, portrait, fee_bps, day, j, volume * case {shares} end as amount,
            first_second + j * 600 as second,
            case
                when draw(w, 20 + j) < {truth.NULL_STATUS_SHARE} then null
                when draw(w, 20 + j) < {spelled} then ' Posted'
                else 'posted'
            end as status
        from (select *, {_second()} as first_second, unnest(range(purchases)) as j from user_weeks)
    """


def _second() -> str:
    return "case when is_first then first_spend_second else 25200 + floor(draw(w, 4) * 54000) end"


def _extra(place: int, share: float, status: str, amount: str) -> str:
    return f"""
        select
            i, week, w, portrait, fee_bps, day, {place} as j, {amount} as amount, {_second()} + {place} * 300 as second,
            '{status}' as status
        from user_weeks where draw(w, {30 + place}) < {share}
    """


def _category() -> str:
    travel = " ".join(f"when '{name}' then {shares[0]}" for name, shares in truth.CATEGORY_SHARES.items())
    both = " ".join(f"when '{name}' then {sum(shares)!r}" for name, shares in truth.CATEGORY_SHARES.items())
    blank = truth.NULL_CATEGORY_SHARE + truth.BLANK_CATEGORY_SHARE
    names = {
        group: f"list_extract({list(names)!r}, 1 + floor(draw(w, 60 + j) * {len(names)})::integer)"
        for group, names in truth.CATEGORIES.items()
    }
    return f"""
        case
            when draw(w, 40 + j) < {truth.NULL_CATEGORY_SHARE} then null
            when draw(w, 40 + j) < {blank!r} then ''
            when draw(w, 50 + j) < case portrait {travel} end then {names["travel"]}
            when draw(w, 50 + j) < case portrait {both} end then {names["necessities"]}
            else {names["other"]}
        end
    """


def transactions() -> str:
    """SQL of the raw transactions with `delivered_at`. A fee is charged on posted purchases from the
    experiment's start."""
    low, high = truth.LATE_DAYS
    rows = [
        _purchases(),
        _extra(4, truth.REFUND_SHARE, "posted", "-volume * (0.05 + 0.15 * draw(w, 5))"),
        _extra(5, truth.DECLINED_SHARE, "declined", "volume"),
        _extra(6, truth.PENDING_SHARE, "Pending", "volume / 2"),
        _extra(7, truth.UNKNOWN_STATUS_SHARE, "disputed", "1"),
    ]
    return f"""
        with all_rows as (
            {" union all ".join(rows)}
        ), in_cents as (
            select *, round(amount, 2)::decimal(18, 4) as amount_usd, utc(day, second) as transaction_at
            from all_rows where day <= {LAST}
        )
        select
            't' || i || '-' || week || '-' || j as transaction_id,
            'u' || i as user_id,
            transaction_at,
            amount_usd,
            case
                when fee_bps is null then null
                when amount_usd < 0 then 0
                when lower(trim(coalesce(status, 'posted'))) = 'posted' then round(amount_usd * fee_bps::decimal(6, 2) / 10000, 4)
            end::decimal(18, 4) as fee_usd,
            {_category()} as category,
            status,
            transaction_at + case when draw(w, 70 + j) < {truth.LATE_SHARE}
                then to_days({low} + floor(draw(w, 80 + j) * {high - low + 1})::integer) else to_days(0) end as delivered_at
        from in_cents
        order by transaction_at, transaction_id
    """


__all__ = ["pick", "transactions", "user_weeks"]
