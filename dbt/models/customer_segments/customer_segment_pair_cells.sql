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

pairs as (

    {% for which in ['previous', 'year_before'] -%}
    {%- set earlier = compared_run('customer_segments', which) -%}
    {%- if earlier -%}
    {{ people_of_two_runs('people', 'customer_id', values, earlier, {'comparison': "'" ~ which ~ "'"}) }}

    union all

    {% endif -%}
    {% endfor -%}
    {{ no_pairs('people', values, ['comparison']) }}

),

all_cells as (

    {{ pair_cells_of_people('pairs', keys) }}
    {%- for value in values %}

    union all

    {{ pair_cells('pairs', value, 'prior_' ~ value, 'later_' ~ value, keys) }}
    {%- endfor %}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    {{ pair_cell_columns(keys) }}
from all_cells
