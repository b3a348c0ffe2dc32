-- A returned row is a run, this one or the earlier one it is compared with, whose customers are not all in the
-- movement, each once. Nothing is returned when there is no earlier run.
with

movement as (

    select * from {{ ref('customer_segment_movement') }}
    where run_key = {{ run_key() }}

),

customer_segments as (

    select run_key from {{ ref('customer_segments') }}

),

expected as (

    select
        run_key,
        count(*) as customers
    from customer_segments
    where
        run_key = {{ run_key() }}
        or run_key in (select movement.previous_run_key from movement)
    group by run_key

),

counted as (

    select
        run_key,
        sum(case when to_segment <> 'No longer a customer' then customers else 0 end) as customers
    from movement
    group by run_key

    union all

    select
        previous_run_key as run_key,
        sum(case when from_segment <> 'New customer' then customers else 0 end) as customers
    from movement
    group by previous_run_key

)

select
    expected.run_key,
    expected.customers,
    counted.customers as customers_in_movement
from expected
inner join counted on expected.run_key = counted.run_key
where expected.customers <> counted.customers
