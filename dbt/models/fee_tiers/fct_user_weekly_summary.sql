{%- set by_median = trade_size_basis() == 'median_swap' -%}

with

daily as (

    select * from {{ ref('fct_customer_category_daily') }}
    where transaction_date < {{ as_of_date() }}

),

fee_weeks as (

    select * from {{ ref('fee_weeks') }}
    where run_key = {{ run_key() }}

),

first_seen as (

    select * from {{ ref('int_user_first_seen') }}
    where run_key = {{ run_key() }}

),

fee_days as (

    {{ days_of_fee_weeks() }}

),

last_complete as (

    select coalesce(max(week_number), 0) as week_number
    from fee_weeks
    where is_complete

),

summed as (

    select
        daily.user_id,
        fee_days.week_number,
        sum(daily.purchase_count) as swaps_count,
        sum(daily.gross_cents) as volume_cents,
        sum(daily.fee_cents) as fee_cents
    from daily
    inner join fee_days on daily.transaction_date = fee_days.fee_day
    group by daily.user_id, fee_days.week_number

),

{% if by_median -%}
transactions as (

    select * from {{ ref('stg_transactions') }}
    where
        transaction_date < {{ as_of_date() }}
        and status = 'posted'
        and amount_cents > 0

),

medians as (

    select
        transactions.user_id,
        fee_days.week_number,
        median(transactions.amount_cents) as median_cents
    from transactions
    inner join fee_days on transactions.transaction_date = fee_days.fee_day
    group by transactions.user_id, fee_days.week_number

),

{% endif -%}
-- A week with nothing but refunds has fees to give back and no trade size: it is no week in which the user was active.
measured as (

    select
        summed.*,
        summed.swaps_count > 0 as is_active,
        {{ 'medians.median_cents' if by_median else 'summed.volume_cents' }} as size_cents
    from summed
    {% if by_median -%}
    left join medians on summed.user_id = medians.user_id and summed.week_number = medians.week_number
    {% endif %}

),

followed as (

    select
        *,
        {{ decided_segment(segments_of_trade_sizes()) | indent(4) }} as trade_size,
        lead(week_number) over (partition by user_id, is_active order by week_number) as next_active_week
    from measured

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    followed.user_id,
    followed.week_number,
    cast(followed.swaps_count as bigint) as swaps_count,
    cast(followed.volume_cents as bigint) as volume_cents,
    cast(followed.fee_cents as decimal(18, 2)) as fee_cents,
    cast(case when followed.is_active then followed.trade_size end as varchar) as segment,
    cast(
        case
            when followed.swaps_count >= {{ rule_number('fee_engagement_high_min_swaps') }} then 'high'
            when followed.swaps_count >= {{ rule_number('fee_engagement_medium_min_swaps') }} then 'medium'
            when followed.is_active then 'low'
        end as varchar
    ) as engagement_level,
    coalesce(first_seen.first_seen_week = followed.week_number, false) as is_new,
    case
        when followed.is_active and followed.week_number < last_complete.week_number
            then coalesce(followed.next_active_week = followed.week_number + 1, false)
    end as swapped_next_week
from followed
cross join last_complete
inner join first_seen on followed.user_id = first_seen.user_id
