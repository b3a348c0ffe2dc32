with

customer_spend as (

    select * from {{ ref('customer_spend') }}
    where run_key = {{ run_key() }}

),

customer_segments as (

    select * from {{ ref('customer_segments') }}
    where run_key = {{ run_key() }}

),

customers as (

    select
        customer_segments.customer_segment,
        customer_segments.is_dormant,
        customer_spend.spend_last_90_days_cents,
        customer_spend.lifetime_net_cents
    from customer_segments
    inner join customer_spend on customer_segments.customer_id = customer_spend.customer_id

),

all_cells as (

    {{ cells('customers', 'spend_last_90_days', 'spend_last_90_days_cents', ['customer_segment', 'is_dormant']) }}

    union all

    {{ cells('customers', 'lifetime_value', 'lifetime_net_cents', ['customer_segment', 'is_dormant']) }}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    metric,
    customer_segment,
    is_dormant,
    cast(bin as varchar) as bin,
    cast(n as bigint) as n,
    s1,
    s2,
    s3
from all_cells
