{%- set follow_up = follow_up_weeks() -%}

with

first_seen as (

    select * from {{ ref('int_user_first_seen') }}
    where
        run_key = {{ run_key() }}
        and left_out_reason is null

),

user_weeks as (

    select * from {{ ref('fct_user_weekly_summary') }}
    where run_key = {{ run_key() }}

),

cohort_weeks as (

    {% for k in range(last_cohort_week() + follow_up + 1) -%}
    select {{ k }} as k{{ ' union all' if not loop.last }}
    {% endfor %}
),

joined as (

    select
        first_seen.*,
        cohort_weeks.k,
        -- The week of the first swap says by itself that the user swapped in it.
        cohort_weeks.k = 0 or cohort_weeks.k < first_seen.weeks_observed as is_mature,
        coalesce(user_weeks.swaps_count, 0) > 0 as is_active,
        coalesce(user_weeks.fee_cents, 0) as fee_cents
    from first_seen
    cross join cohort_weeks
    left join user_weeks
        on
            first_seen.user_id = user_weeks.user_id
            and first_seen.first_seen_week + cohort_weeks.k = user_weeks.week_number

),

-- "Week k or later" has the same number of weeks for everybody: without an end older users would have had more of them.
followed as (

    select
        *,
        k + {{ follow_up }} < weeks_observed as is_followed,
        max(case when is_active then 1 else 0 end) over (
            partition by user_id
            order by k
            rows between current row and {{ follow_up }} following
        ) as is_active_or_later
    from joined

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    user_id,
    first_seen_week,
    first_seen_period_id,
    first_seen_date,
    first_seen_fee_bps,
    weeks_observed,
    cast(k as integer) as k,
    is_mature,
    cast(case when is_mature then case when is_active then 1 else 0 end end as integer) as retained_flag,
    is_followed,
    cast(case when is_followed then is_active_or_later end as integer) as retained_or_later_flag,
    cast(case when k < weeks_observed then fee_cents end as decimal(18, 2)) as fee_cents
from followed
where k <= {{ last_cohort_week() }}
