with

published as (

    select * from {{ ref('customer_segments_published') }}

),

newest as (

    select max(as_of_date) as as_of_date from {{ ref('published_runs') }}

)

select
    published.as_of_date,
    published.run_key,
    published.customer_id,
    published.customer_segment,
    published.is_dormant,
    published.total_transactions,
    published.lifetime_value,
    published.avg_transaction_value,
    published.first_transaction_date,
    published.last_transaction_date,
    published.tenure_months,
    published.spend_last_90_days,
    published.spend_prior_90_days,
    published.spend_change_pct,
    published.avg_monthly_spend,
    published.travel_spend_pct,
    published.necessities_spend_pct
from published
inner join newest on published.as_of_date = newest.as_of_date
