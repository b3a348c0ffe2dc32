with

fee_weeks as (

    select * from {{ ref('fee_weeks') }}
    where run_key = {{ run_key() }}

),

user_weeks as (

    select * from {{ ref('fct_user_weekly_summary') }}
    where run_key = {{ run_key() }}

),

summed as (

    select
        week_number,
        sum(case when swaps_count > 0 then 1 else 0 end) as swappers,
        sum(case when swaps_count > 0 and is_new then 1 else 0 end) as new_swappers,
        sum(swaps_count) as swaps_count,
        sum(volume_cents) as volume_cents,
        sum(fee_cents) as fee_cents
    from user_weeks
    group by week_number

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    fee_weeks.week_number,
    fee_weeks.period_id,
    fee_weeks.week_start_date as period_start_date,
    fee_weeks.week_end_date as period_end_date,
    fee_weeks.final_fee_bps,
    fee_weeks.is_complete,
    fee_weeks.is_full_week,
    fee_weeks.exclusion_reason,
    cast(coalesce(summed.swappers, 0) as bigint) as swappers,
    cast(coalesce(summed.new_swappers, 0) as bigint) as new_swappers,
    cast(coalesce(summed.swappers - summed.new_swappers, 0) as bigint) as returning_swappers,
    cast(coalesce(summed.swaps_count, 0) as bigint) as swaps_count,
    {{ dollars('coalesce(summed.volume_cents, 0)') }} as volume_usd,
    cast(cast(coalesce(summed.fee_cents, 0) as decimal(18, 2)) * 0.01 as decimal(18, 4)) as fees_usd,
    fee_weeks.btc_usd,
    fee_weeks.eth_usd
from fee_weeks
left join summed on fee_weeks.week_number = summed.week_number
