-- A returned row is a fee week whose sums in the user rows, or in the weekly summary, are not those of core for the
-- users who count (a swap before the as-of date, no tester): swaps, cents of volume or fees were lost or counted
-- twice.
with

fee_weeks as (

    select * from {{ ref('fee_weeks') }}
    where run_key = {{ run_key() }}

),

test_users as (

    select user_id from {{ ref('stg_users') }}
    where is_test_user

),

daily as (

    select * from {{ ref('fct_customer_category_daily') }}
    where transaction_date < {{ as_of_date() }}

),

swappers as (

    select daily.user_id
    from daily
    left join test_users on daily.user_id = test_users.user_id
    where test_users.user_id is null
    group by daily.user_id
    having sum(daily.purchase_count) > 0

),

core as (

    select
        fee_weeks.week_number,
        sum(daily.purchase_count) as swaps_count,
        sum(daily.gross_cents) as volume_cents,
        cast(sum(daily.fee_cents) as decimal(18, 2)) as fee_cents
    from fee_weeks
    inner join daily on daily.transaction_date between fee_weeks.week_start_date and fee_weeks.week_end_date
    inner join swappers on daily.user_id = swappers.user_id
    group by fee_weeks.week_number

),

user_weeks as (

    select
        week_number,
        sum(swaps_count) as swaps_count,
        sum(volume_cents) as volume_cents,
        cast(sum(fee_cents) as decimal(18, 2)) as fee_cents
    from {{ ref('fct_user_weekly_summary') }}
    where run_key = {{ run_key() }}
    group by week_number

),

summary as (

    select
        week_number,
        swaps_count,
        cast(volume_usd * 100 as decimal(18, 0)) as volume_cents,
        cast(fees_usd * 100 as decimal(18, 2)) as fee_cents
    from {{ ref('fct_weekly_summary_final') }}
    where run_key = {{ run_key() }}

)

select
    summary.week_number,
    core.volume_cents as core_cents,
    user_weeks.volume_cents as user_cents,
    summary.volume_cents as summary_cents
from summary
left join core on summary.week_number = core.week_number
left join user_weeks on summary.week_number = user_weeks.week_number
where
    coalesce(core.swaps_count, 0) <> summary.swaps_count
    or coalesce(core.volume_cents, 0) <> summary.volume_cents
    or coalesce(core.fee_cents, 0) <> summary.fee_cents
    or coalesce(user_weeks.swaps_count, 0) <> summary.swaps_count
    or coalesce(user_weeks.volume_cents, 0) <> summary.volume_cents
    or coalesce(user_weeks.fee_cents, 0) <> summary.fee_cents
