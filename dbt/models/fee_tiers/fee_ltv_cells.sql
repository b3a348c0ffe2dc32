{#- Horizons and rates are few, so their discount factors are written out: the power functions of two warehouses may
    differ in the last digit, and a literal does not. -#}
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
        {%- for week in range(longest) %}
        sum(case when k = {{ week }} then fee_cents else 0 end) as fee_cents_{{ week }}{{ ',' if not loop.last }}
        {%- endfor %}
    from cohorts
    group by user_id, first_seen_fee_bps

),

grid as (

    {% for horizon in horizons -%}
    {% set last_horizon = loop.last -%}
    {% for rate in rates -%}
    select
        {{ horizon }} as horizon_weeks,
        cast({{ rate }} as double) as discount_rate_pct,
        {%- for week in range(longest) %}
        {{ discount_factor(rate, week) if week < horizon else 'cast(0 as double)' }} as factor_{{ week }}{{ ',' if not loop.last }}
        {%- endfor %}
    {{ 'union all' if not (last_horizon and loop.last) }}
    {% endfor -%}
    {% endfor %}
),

-- In hundredths of a cent, added week by week in a fixed order: a sum that the warehouse orders would differ by its last digit.
valued as (

    select
        users.first_seen_fee_bps,
        grid.horizon_weeks,
        grid.discount_rate_pct,
        cast(
            round(
                100 * (
                    {%- for week in range(longest) %}
                    {{ '+ ' if not loop.first }}cast(users.fee_cents_{{ week }} as double) * grid.factor_{{ week }}
                    {%- endfor %}
                ), 0
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
