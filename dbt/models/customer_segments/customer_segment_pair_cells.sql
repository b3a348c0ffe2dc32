{%- set keys = ['comparison', 'earlier_as_of_date', 'earlier_run_key'] -%}
{%- set values = ['spend_last_90_days', 'lifetime_value'] -%}

with

customer_spend as (

    select * from {{ ref('customer_spend') }}

),

customer_segments as (

    select * from {{ ref('customer_segments') }}

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

all_cells as (

    {{ pair_cells_of('pairs', pair_cells_of_people('pairs', keys), values, keys) }}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    {{ pair_cell_columns(keys) }}
from all_cells
