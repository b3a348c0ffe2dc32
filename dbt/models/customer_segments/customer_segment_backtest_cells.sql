{#- A window that reaches past this run's as-of date is not over: its rows would say that customers stopped
    spending. -#}
{%- set earlier = earlier_run('backtest') -%}
{%- set is_possible = earlier is not none and earlier.window_is_complete -%}

with

customer_segments as (

    select * from {{ ref('customer_segments') }}
    where {{ 'run_key = ' ~ earlier.run_key if is_possible else '1 = 0' }}

),

customer_spend as (

    select * from {{ ref('customer_spend') }}
    where {{ 'run_key = ' ~ earlier.run_key if is_possible else '1 = 0' }}

),

daily as (

    select * from {{ ref('fct_customer_category_daily') }}
    where
        transaction_date >= {{ earlier.as_of_date if is_possible else as_of_date() }}
        and transaction_date < {{ earlier.window_end if is_possible else as_of_date() }}

),

spend_since as (

    select
        user_id as customer_id,
        sum(net_cents) as later_cents
    from daily
    group by user_id

),

customers as (

    select
        customer_segments.customer_segment,
        customer_spend.spend_last_90_days_cents as prior_cents,
        cast(coalesce(spend_since.later_cents, 0) as bigint) as later_cents
    from customer_segments
    inner join customer_spend on customer_segments.customer_id = customer_spend.customer_id
    left join spend_since on customer_segments.customer_id = spend_since.customer_id

),

binned as (

    select
        customer_segment,
        {{ spend_bin('prior_cents') }} || ' ' || {{ spend_bin('later_cents') }} as bin,
        {{ as_wide_integer('prior_cents') }} as prior_value,
        {{ as_wide_integer('later_cents') }} as later_value
    from customers

),

paired_cells as (

    select
        customer_segment,
        bin,
        count(*) as n,
        {{ power_sum('prior_value') }} as prior_s1,
        {{ power_sum('later_value') }} as later_s1,
        {{ power_sum('prior_value * prior_value') }} as prior_s2,
        {{ power_sum('later_value * later_value') }} as later_s2,
        {{ power_sum('prior_value * later_value') }} as cross_s2
    from binned
    group by customer_segment, bin

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    {{ earlier.as_of_date if is_possible else 'cast(null as date)' }} as backtest_as_of_date,
    cast({{ earlier.run_key if is_possible else 'null' }} as varchar) as backtest_run_key,
    customer_segment,
    cast(bin as varchar) as bin,
    cast(n as bigint) as n,
    prior_s1,
    later_s1,
    prior_s2,
    later_s2,
    cross_s2
from paired_cells
