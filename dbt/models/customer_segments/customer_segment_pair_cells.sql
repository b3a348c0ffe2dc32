{%- set keys = ['comparison', 'earlier_as_of_date', 'earlier_run_key'] -%}
{%- set values = ['spend_last_90_days', 'lifetime_value'] -%}
{%- set moves, outcomes = ['stayed', 'moved', 'gone'], ['retained', 'ratio', 'ratio_of_all'] -%}

with

customer_spend as (

    select * from {{ ref('customer_spend') }}

),

customer_segments as (

    select * from {{ ref('customer_segments') }}

),

movement as (

    select * from {{ ref('customer_segment_movement') }}

),

backtest_cells as (

    select * from {{ ref('customer_segment_backtest_cells') }}

),

daily as (

    select * from {{ ref('fct_customer_category_daily') }}

),

people as (

    select
        customer_segments.run_key,
        customer_segments.customer_id,
        customer_segments.customer_segment as segment,
        customer_segments.is_dormant,
        customer_spend.spend_last_90_days_cents as spend_last_90_days,
        customer_spend.lifetime_net_cents as lifetime_value
    from customer_segments
    inner join customer_spend
        on
            customer_segments.run_key = customer_spend.run_key
            and customer_segments.customer_id = customer_spend.customer_id

),

{%- if same_rules('customer_segments') %}

decided_anew as (

    select
        run_key,
        customer_id,
        cast({{ decided_segment(segments_of_customer_segments()) | indent(8) }} as varchar) as segment
    from customer_segments

),

people_under_the_same_rules as (

    select
        people.run_key,
        people.customer_id,
        decided_anew.segment,
        people.is_dormant,
        people.spend_last_90_days,
        people.lifetime_value
    from people
    inner join decided_anew
        on
            people.run_key = decided_anew.run_key
            and people.customer_id = decided_anew.customer_id

),
{%- endif %}

pairs as (

    {{ pairs_with_earlier_runs('customer_segments', 'people', 'customer_id', values) }}
    {{ pairs_under_the_same_rules('customer_segments', 'people_under_the_same_rules', 'customer_id', values) }}

),

moved as (

    {{ moved_people('customer_segments', 'customer_id', 'customer_segment', 'movement') }}

),

moved_pairs as (

    {{ pairs_with_earlier_runs('customer_segments', 'moved', 'customer_id', moves) }}

),

windows as (

    {{ backtest_windows('backtest_cells') }}

),

since as (

    {{ spend_in_windows('daily', 'windows') }}

),

spenders as (

    select
        run_key,
        customer_id,
        segment,
        spend_last_90_days as prior_value
    from people

),

followed as (

    {{ backtested_people('spenders', 'customer_id', 'windows', 'since') }}

),

followed_pairs as (

    {{ pairs_with_earlier_runs('customer_segments', 'followed', 'customer_id', outcomes) }}

),

all_cells as (

    {{ pair_cells_of('pairs', pair_cells_of_people('pairs', keys), values, keys) }}

    union all

    {{ pair_cells_of_outcomes('moved_pairs', moves, keys) }}

    union all

    {{ pair_cells_of_outcomes('followed_pairs', outcomes, keys) }}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    {{ pair_cell_columns(keys) }}
from all_cells
