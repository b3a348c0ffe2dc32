-- A returned row is a customer whose published numbers put them into another segment than the one that is published.
with

customer_segments as (

    select * from {{ ref('customer_segments') }}
    where run_key = {{ run_key() }}

)

select
    customer_id,
    customer_segment
from customer_segments
where customer_segment <> {{ decided_segment(segments_of_customer_segments()) | indent(4) }}
