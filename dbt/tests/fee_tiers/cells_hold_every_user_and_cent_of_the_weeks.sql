-- A returned row is a fee week and trade size whose cells do not hold the users and cents of the user rows, or a
-- horizon whose values do not hold its users.
with

user_weeks as (

    select
        week_number,
        segment,
        count(*) as n,
        sum(volume_cents) as volume_cents,
        cast(sum(fee_cents) * 100 as decimal(18, 0)) as fee_units
    from {{ ref('fct_user_weekly_summary') }}
    where
        run_key = {{ run_key() }}
        and segment is not null
    group by week_number, segment

),

segment_cells as (

    select
        week_number,
        segment,
        sum(case when metric = 'volume' then n else 0 end) as n,
        sum(case when metric = 'volume' then s1 else 0 end) as volume_cents,
        sum(case when metric = 'fees' then n else 0 end) as n_fees,
        sum(case when metric = 'fees' then s1 else 0 end) as fee_units
    from {{ ref('fee_segment_cells') }}
    where
        run_key = {{ run_key() }}
        and metric <> 'user_volume'
    group by week_number, segment

),

volume_cells as (

    select
        week_number,
        segment,
        sum(n) as n,
        sum(volume_cents) as volume_cents
    from {{ ref('fee_volume_cells') }}
    where run_key = {{ run_key() }}
    group by week_number, segment

),

first_seen as (

    select
        first_seen_fee_bps,
        weeks_observed
    from {{ ref('int_user_first_seen') }}
    where
        run_key = {{ run_key() }}
        and left_out_reason is null

),

values_held as (

    select
        first_seen_fee_bps,
        horizon_weeks,
        discount_rate_pct,
        sum(n) as n
    from {{ ref('fee_ltv_cells') }}
    where run_key = {{ run_key() }}
    group by first_seen_fee_bps, horizon_weeks, discount_rate_pct

),

values_expected as (

    select
        values_held.first_seen_fee_bps,
        values_held.horizon_weeks,
        values_held.discount_rate_pct,
        values_held.n,
        count(*) as n_users
    from values_held
    inner join first_seen
        on
            values_held.first_seen_fee_bps = first_seen.first_seen_fee_bps
            and values_held.horizon_weeks <= first_seen.weeks_observed
    group by
        values_held.first_seen_fee_bps, values_held.horizon_weeks, values_held.discount_rate_pct, values_held.n

)

select
    'week ' || cast(user_weeks.week_number as varchar) || ', ' || user_weeks.segment as place,
    user_weeks.n as n_users,
    segment_cells.n as n_users_in_cells
from user_weeks
left join segment_cells
    on user_weeks.week_number = segment_cells.week_number and user_weeks.segment = segment_cells.segment
left join volume_cells
    on user_weeks.week_number = volume_cells.week_number and user_weeks.segment = volume_cells.segment
where
    user_weeks.n <> coalesce(segment_cells.n, 0)
    or user_weeks.n <> coalesce(segment_cells.n_fees, 0)
    or user_weeks.n <> coalesce(volume_cells.n, 0)
    or user_weeks.volume_cents <> coalesce(segment_cells.volume_cents, 0)
    or user_weeks.volume_cents <> coalesce(volume_cells.volume_cents, 0)
    or user_weeks.fee_units <> coalesce(segment_cells.fee_units, 0)

union all

select
    cast(horizon_weeks as varchar) || ' weeks at ' || cast(discount_rate_pct as varchar) || ' %' as place,
    n_users,
    n as n_users_in_cells
from values_expected
where n_users <> n
