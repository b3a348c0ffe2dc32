-- A returned row is a customer of this run's spend who has no segment, or a segment without spend behind it.
with

customer_spend as (

    select customer_id from {{ ref('customer_spend') }}
    where run_key = {{ run_key() }}

),

customer_segments as (

    select customer_id from {{ ref('customer_segments') }}
    where run_key = {{ run_key() }}

)

select
    customer_spend.customer_id as with_spend,
    customer_segments.customer_id as with_segment
from customer_spend
full outer join customer_segments on customer_spend.customer_id = customer_segments.customer_id
where customer_spend.customer_id is null or customer_segments.customer_id is null
