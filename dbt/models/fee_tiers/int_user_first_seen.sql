with

daily as (

    select * from {{ ref('fct_customer_category_daily') }}
    where
        transaction_date < {{ as_of_date() }}
        and purchase_count > 0

),

fee_weeks as (

    select * from {{ ref('fee_weeks') }}
    where run_key = {{ run_key() }}

),

-- Excluded here and not in core: an account may be found to be a tester's long after its days were built.
test_users as (

    select user_id from {{ ref('stg_users') }}
    where is_test_user

),

fee_days as (

    {{ days_of_fee_weeks() }}

),

seen as (

    select
        daily.user_id,
        min(daily.transaction_date) as first_seen_date,
        max(fee_days.week_number) as last_seen_week
    from daily
    left join fee_days on daily.transaction_date = fee_days.fee_day
    group by daily.user_id

),

calendar as (

    select
        min(week_start_date) as first_fee_day,
        max(case when is_complete then week_number end) as last_complete_week
    from fee_weeks

),

placed as (

    select
        seen.user_id,
        seen.first_seen_date,
        seen.last_seen_week,
        fee_weeks.week_number as first_seen_week,
        fee_weeks.period_id as first_seen_period_id,
        fee_weeks.final_fee_bps as first_seen_fee_bps,
        case
            when fee_weeks.week_number is null and seen.first_seen_date < calendar.first_fee_day
                then 'before_fee_periods'
            when fee_weeks.week_number is null then 'outside_fee_periods'
            when fee_weeks.final_fee_bps is null then 'no_fee_known'
            when fee_weeks.exclusion_reason is not null then 'excluded_week'
        end as left_out_reason,
        calendar.last_complete_week
    from seen
    cross join calendar
    left join test_users on seen.user_id = test_users.user_id
    left join fee_days on seen.first_seen_date = fee_days.fee_day
    left join fee_weeks on fee_days.week_number = fee_weeks.week_number
    where test_users.user_id is null

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    user_id,
    first_seen_date,
    first_seen_week,
    first_seen_period_id,
    first_seen_fee_bps,
    last_seen_week,
    cast(
        case
            when first_seen_week is not null
                then greatest(coalesce(last_complete_week, 0) - first_seen_week + 1, 0)
        end as integer
    ) as weeks_observed,
    cast(left_out_reason as varchar) as left_out_reason
from placed
