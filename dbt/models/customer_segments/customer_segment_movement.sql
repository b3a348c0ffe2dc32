{%- set previous = earlier_run('previous') -%}

with

customer_segments as (

    select * from {{ ref('customer_segments') }}

),

before as (

    select
        customer_id,
        customer_segment
    from customer_segments
    where {{ 'run_key = ' ~ previous.run_key if previous else '1 = 0' }}

),

now as (

    select
        customer_id,
        customer_segment
    from customer_segments
    where {{ 'run_key = ' ~ run_key() if previous else '1 = 0' }}

),

movement as (

    select
        coalesce(before.customer_segment, 'New customer') as from_segment,
        coalesce(now.customer_segment, 'No longer a customer') as to_segment,
        count(*) as customers
    from before
    full outer join now on before.customer_id = now.customer_id
    group by before.customer_segment, now.customer_segment

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    {{ previous.as_of_date if previous else 'cast(null as date)' }} as previous_as_of_date,
    cast({{ previous.run_key if previous else 'null' }} as varchar) as previous_run_key,
    cast(from_segment as varchar) as from_segment,
    cast(to_segment as varchar) as to_segment,
    cast(customers as bigint) as customers
from movement
