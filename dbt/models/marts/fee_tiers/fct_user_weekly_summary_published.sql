{{ config(alias='fct_user_weekly_summary') }}

with

user_weeks as (

    select * from {{ ref('fct_user_weekly_summary') }}

),

weeks as (

    select * from {{ ref('fct_weekly_summary_final') }}

),

published_runs as (

    select * from {{ ref('published_runs') }}

)

select
    user_weeks.as_of_date,
    user_weeks.run_key,
    weeks.period_id,
    weeks.period_start_date,
    weeks.final_fee_bps,
    user_weeks.user_id,
    user_weeks.user_id as user_address,
    user_weeks.swaps_count,
    {{ dollars('user_weeks.volume_cents') }} as {{ in_currency('volume_usd') }},
    cast(user_weeks.fee_cents * 0.01 as decimal(18, 4)) as {{ in_currency('fees_usd') }},
    user_weeks.segment,
    user_weeks.engagement_level,
    user_weeks.is_new,
    weeks.new_swappers,
    weeks.returning_swappers
from user_weeks
inner join published_runs
    on
        user_weeks.as_of_date = published_runs.as_of_date
        and user_weeks.run_key = published_runs.run_key
inner join weeks
    on
        user_weeks.run_key = weeks.run_key
        and user_weeks.week_number = weeks.week_number
