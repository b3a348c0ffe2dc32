{%- set previous = earlier_run('previous') -%}

with

customer_segments as (

    select * from {{ ref('customer_segments') }}

),

movement as (

    {{ moves('customer_segments', 'customer_id', 'customer_segment', 'customer', previous) }}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    {{ previous.as_of_date if previous else 'cast(null as date)' }} as previous_as_of_date,
    cast({{ previous.run_key if previous else 'null' }} as varchar) as previous_run_key,
    cast(from_segment as varchar) as from_segment,
    cast(to_segment as varchar) as to_segment,
    cast(members as bigint) as customers
from movement
