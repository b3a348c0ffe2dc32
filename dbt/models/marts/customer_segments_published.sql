{{ config(alias='customer_segments') }}

with

customer_segments as (

    select * from {{ ref('customer_segments') }}

),

published_runs as (

    select * from {{ ref('published_runs') }}

)

select
    customer_segments.as_of_date,
    customer_segments.run_key,
    customer_segments.customer_id,
    customer_segments.customer_segment,
    customer_segments.is_dormant,
    customer_segments.total_transactions,
    customer_segments.lifetime_value,
    customer_segments.avg_transaction_value,
    customer_segments.first_transaction_date,
    customer_segments.last_transaction_date,
    customer_segments.tenure_months,
    customer_segments.spend_last_90_days,
    customer_segments.spend_prior_90_days,
    customer_segments.spend_change_pct,
    customer_segments.avg_monthly_spend,
    customer_segments.travel_spend_pct,
    customer_segments.necessities_spend_pct
from customer_segments
inner join published_runs
    on
        customer_segments.as_of_date = published_runs.as_of_date
        and customer_segments.run_key = published_runs.run_key
