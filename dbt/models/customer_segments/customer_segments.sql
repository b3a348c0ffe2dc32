{%- set window_basis = rule_choice('category_share_basis', ['lifetime', 'window']) == 'window' -%}

with

customer_spend as (

    select * from {{ ref('customer_spend') }}
    where run_key = {{ run_key() }}

),

metrics as (

    select
        *,
        {{ percent('spend_last_90_days_cents - spend_prior_90_days_cents', 'spend_prior_90_days_cents') }}
            as spend_change_pct,
        {% if window_basis %}
        {{ percent('travel_last_90_days_cents', 'gross_last_90_days_cents') }} as travel_spend_pct,
        {{ percent('necessities_last_90_days_cents', 'gross_last_90_days_cents') }} as necessities_spend_pct,
        {% else %}
        {{ percent('lifetime_travel_cents', 'lifetime_gross_cents') }} as travel_spend_pct,
        {{ percent('lifetime_necessities_cents', 'lifetime_gross_cents') }} as necessities_spend_pct,
        {% endif %}
        purchases_last_180_days = 0 as is_dormant
    from customer_spend

),

-- The first rule that holds decides. A comparison with an unknown change or share does not hold.
-- Average monthly spend is compared as three months of cents, because its rounded dollars could cross a threshold.
classified as (

    select
        *,
        case
            when
                spend_last_90_days_cents >= 3 * 100 * {{ rule_number('high_value_min_avg_monthly_spend') }}
                and travel_spend_pct >= {{ rule_number('high_value_min_travel_pct') }}
                then 'High-Value Travelers'
            when
                spend_change_pct <= {{ rule_number('declining_max_spend_change_pct') }}
                and spend_prior_90_days_cents >= 100 * {{ rule_number('declining_min_prior_spend') }}
                then 'Declining'
            when
                tenure_months <= {{ rule_number('new_growing_max_tenure_months') }}
                and spend_change_pct >= {{ rule_number('new_growing_min_spend_change_pct') }}
                then 'New & Growing'
            {% if rule_choice('new_without_prior_is_growing', [true, false]) -%}
            when
                tenure_months <= {{ rule_number('new_growing_max_tenure_months') }}
                and spend_change_pct is null
                and spend_last_90_days_cents > 0
                then 'New & Growing'
            {% endif -%}
            when
                spend_last_90_days_cents < 3 * 100 * {{ rule_number('budget_max_avg_monthly_spend') }}
                and necessities_spend_pct >= {{ rule_number('budget_min_necessities_pct') }}
                then 'Budget-Conscious'
            else 'Stable Mid-Spenders'
        end as customer_segment
    from metrics

)

select
    as_of_date,
    run_key,
    customer_id,
    cast(customer_segment as varchar) as customer_segment,
    is_dormant,
    total_transactions,
    {{ dollars('lifetime_net_cents') }} as lifetime_value,
    {{ dollars_per('lifetime_gross_cents', 'total_transactions') }} as avg_transaction_value,
    first_transaction_date,
    last_transaction_date,
    tenure_months,
    {{ dollars('spend_last_90_days_cents') }} as spend_last_90_days,
    {{ dollars('spend_prior_90_days_cents') }} as spend_prior_90_days,
    spend_change_pct,
    {{ dollars_per('spend_last_90_days_cents', 3) }} as avg_monthly_spend,
    travel_spend_pct,
    necessities_spend_pct
from classified
