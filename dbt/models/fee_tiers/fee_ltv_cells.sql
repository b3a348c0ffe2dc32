{%- set horizons = rule_numbers('fee_ltv_horizon_weeks') -%}
{%- set rates = rule_numbers('fee_ltv_discount_rates_pct') -%}
{%- set longest = horizons | max | int -%}

with

cohorts as (

    select * from {{ ref('fct_user_cohorts') }}
    where run_key = {{ run_key() }}

),

users as (

    select
        user_id,
        first_seen_fee_bps,
        max(weeks_observed) as weeks_observed,
        {{ fees_of_weeks(longest) }}
    from cohorts
    group by user_id, first_seen_fee_bps

),

grid as (

    {{ discount_grid(horizons, rates) }}

),

-- In hundredths of a cent, added week by week in a fixed order: a sum that the warehouse orders would differ by its
-- last digit.
valued as (

    select
        users.first_seen_fee_bps,
        grid.horizon_weeks,
        grid.discount_rate_pct,
        cast(
            round(
                100 * ({{ discounted_fees('users', 'grid', longest) }}), 0
            ) as bigint
        ) as value_units
    from users
    inner join grid on users.weeks_observed >= grid.horizon_weeks

),

all_cells as (

    {{ cells('valued', 'ltv', 'value_units', ['first_seen_fee_bps', 'horizon_weeks', 'discount_rate_pct']) }}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    first_seen_fee_bps,
    cast(horizon_weeks as integer) as horizon_weeks,
    discount_rate_pct,
    cast(bin as varchar) as bin,
    cast(n as bigint) as n,
    s1,
    s2,
    s3
from all_cells
