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

),

since as (

    {% if is_possible -%}
    {{ spend_since('daily', earlier) }}
    {%- else -%}
    select
        user_id,
        net_cents as later_value
    from daily
    where 1 = 0
    {%- endif %}

),

pairs as (

    select
        customer_segments.customer_segment,
        customer_spend.spend_last_90_days_cents as prior_value,
        cast(coalesce(since.later_value, 0) as bigint) as later_value
    from customer_segments
    inner join customer_spend on customer_segments.customer_id = customer_spend.customer_id
    left join since on customer_segments.customer_id = since.user_id

),

paired as (

    {{ paired_cells('pairs', ['customer_segment']) }}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    {{ earlier.as_of_date if is_possible else 'cast(null as date)' }} as backtest_as_of_date,
    cast({{ earlier.run_key if is_possible else 'null' }} as varchar) as backtest_run_key,
    customer_segment,
    bin,
    n,
    prior_s1,
    later_s1,
    prior_s2,
    later_s2,
    cross_s2
from paired
