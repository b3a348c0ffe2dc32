{%- set window_basis = rule_choice('category_share_basis', ['lifetime', 'window']) == 'window' -%}

with

customer_spend as (

    select * from {{ ref('customer_spend') }}
    where run_key = {{ run_key() }}

),

-- The conditions of the segments look at these columns as they are published.
metrics as (

    select
        customer_id,
        purchases_last_180_days = 0 as is_dormant,
        total_transactions,
        {{ dollars('lifetime_net_cents') }} as lifetime_value,
        {{ dollars_per('lifetime_gross_cents', 'total_transactions') }} as avg_transaction_value,
        first_transaction_date,
        {{ as_of_date() }} - first_transaction_date as days_since_first_purchase,
        last_transaction_date,
        tenure_months,
        {{ dollars('spend_last_90_days_cents') }} as spend_last_90_days,
        {{ dollars('spend_prior_90_days_cents') }} as spend_prior_90_days,
        {{ percent('spend_last_90_days_cents - spend_prior_90_days_cents', 'spend_prior_90_days_cents') }}
            as spend_change_pct,
        {{ dollars_per('spend_last_90_days_cents', 3) }} as avg_monthly_spend,
        {% if window_basis %}
        {{ percent('travel_last_90_days_cents', 'gross_last_90_days_cents') }} as travel_spend_pct,
        {{ percent('necessities_last_90_days_cents', 'gross_last_90_days_cents') }} as necessities_spend_pct
        {% else %}
        {{ percent('lifetime_travel_cents', 'lifetime_gross_cents') }} as travel_spend_pct,
        {{ percent('lifetime_necessities_cents', 'lifetime_gross_cents') }} as necessities_spend_pct
        {% endif %}
    from customer_spend

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    customer_id,
    cast({{ decided_segment(segments_of_customer_segments()) | indent(4) }} as varchar) as customer_segment,
    is_dormant,
    total_transactions,
    lifetime_value,
    avg_transaction_value,
    first_transaction_date,
    last_transaction_date,
    tenure_months,
    spend_last_90_days,
    spend_prior_90_days,
    spend_change_pct,
    avg_monthly_spend,
    travel_spend_pct,
    necessities_spend_pct,
    cast(days_since_first_purchase as integer) as days_since_first_purchase
from metrics
