{%- set windows = retention_days() -%}
{%- set follow_up = rule_days('follow_up_days') -%}

with

all_users as (

    {{ users_before_as_of() }}

),

users as (

    select
        user_id,
        created_date
    from all_users
    where created_date >= {{ first_cohort_date() }}

),

active_days as (

    {{ active_days() }}

),

daily_spend as (

    select
        user_id,
        transaction_date,
        sum(net_cents) as net_cents
    from {{ ref('fct_customer_category_daily') }}
    where
        transaction_date >= {{ first_cohort_date() }}
        and transaction_date < {{ as_of_date() }}
    group by user_id, transaction_date

),

returns as (

    select
        {% for day in windows -%}
        max(case when active_days.activity_date - users.created_date = {{ day }} then 1 else 0 end)
            as active_on_{{ day }},
        max(
            case
                when active_days.activity_date - users.created_date between {{ day }} and {{ day + follow_up }} then 1
                else 0
            end
        ) as active_from_{{ day }},
        {% endfor -%}
        users.user_id
    from users
    inner join active_days
        on
            users.user_id = active_days.user_id
            and users.created_date < active_days.activity_date
    group by users.user_id

),

revenue as (

    select
        {% for day in windows -%}
        sum(
            case
                when daily_spend.transaction_date - users.created_date <= {{ day }} then daily_spend.net_cents
                else 0
            end
        ) as cents_by_{{ day }},
        {% endfor -%}
        users.user_id
    from users
    inner join daily_spend
        on
            users.user_id = daily_spend.user_id
            and users.created_date <= daily_spend.transaction_date
    group by users.user_id

),

windows as (

    {% for day in windows -%}
    select {{ day }} as day_number
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

first_days as (

    select min(activity_date) as first_day from active_days

),

-- Day d of a user is over when it lies before the as-of date, and followed when the days after it do, too.
user_windows as (

    select
        users.created_date,
        windows.day_number,
        {{ as_of_date() }} - users.created_date > windows.day_number as is_mature,
        {{ as_of_date() }} - users.created_date > windows.day_number + {{ follow_up }} as is_followed,
        case windows.day_number
            {%- for day in windows %}
            when {{ day }} then coalesce(returns.active_from_{{ day }}, 0)
            {%- endfor %}
        end as active_or_later,
        case windows.day_number
            {%- for day in windows %}
            when {{ day }} then coalesce(returns.active_on_{{ day }}, 0)
            {%- endfor %}
        end as active_on_day,
        case windows.day_number
            {%- for day in windows %}
            when {{ day }} then {{ as_wide_integer('coalesce(revenue.cents_by_' ~ day ~ ', 0)') }}
            {%- endfor %}
        end as cents
    from users
    cross join windows
    left join returns on users.user_id = returns.user_id
    left join revenue on users.user_id = revenue.user_id

),

cohorts as (

    select
        created_date,
        day_number,
        count(*) as user_count,
        sum(case when is_mature then 1 else 0 end) as matured_users,
        sum(case when is_mature then active_on_day else 0 end) as active_on_day,
        sum(case when is_followed then 1 else 0 end) as followed_users,
        sum(case when is_followed then active_or_later else 0 end) as active_on_day_or_later,
        sum(case when is_mature and cents <> 0 then 1 else 0 end) as users_with_revenue,
        {{ power_sum('case when is_mature then cents else 0 end') }} as revenue_s1,
        {{ power_sum('case when is_mature then cents * cents else 0 end') }} as revenue_s2,
        {{ power_sum('case when is_mature then cents * cents * cents else 0 end') }} as revenue_s3
    from user_windows
    group by created_date, day_number

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    cohorts.created_date as cohort_date,
    cast(cohorts.day_number as integer) as day_number,
    cast(cohorts.user_count as bigint) as user_count,
    cast(cohorts.matured_users as bigint) as matured_users,
    cast(cohorts.active_on_day as bigint) as active_on_day,
    cast(cohorts.followed_users as bigint) as followed_users,
    cast(cohorts.active_on_day_or_later as bigint) as active_on_day_or_later,
    coalesce(cohorts.created_date < first_days.first_day + {{ rule_number('burn_in_days') | int }}, false)
        as is_burn_in,
    {% if has_rows_of('transactions') -%}
    cast(cohorts.users_with_revenue as bigint) as users_with_revenue,
    cohorts.revenue_s1,
    cohorts.revenue_s2,
    cohorts.revenue_s3
    {%- else -%}
    cast(null as bigint) as users_with_revenue,
    cast(null as decimal(37, 0)) as revenue_s1,
    cast(null as decimal(37, 0)) as revenue_s2,
    cast(null as decimal(37, 0)) as revenue_s3
    {%- endif %}
from cohorts
cross join first_days
