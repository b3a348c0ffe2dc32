{#- Made of the files of dbt/segmentations/ by `make segments`: change those, not this one. -#}

{#- The segments of behavioral_segments. -#}
{% macro segments_of_behavioral_segments() -%}
    {{ return({'segments': [
        {'name': "high_engagement", 'condition': "days_since_last_activity < " ~ rule_number("churn_days_threshold") ~ " AND (CASE WHEN NOT compared_rank IS NULL THEN COUNT(compared_rank) OVER (ORDER BY compared_rank range BETWEEN UNBOUNDED preceding AND CURRENT ROW) - 1 END) >= (CAST(" ~ rule_number("high_engagement_percentile") ~ " AS DECIMAL(9, 6)) * (COUNT(compared_rank) OVER () - 1))"},
        {'name': "moderate_engagement", 'condition': "days_since_last_activity < " ~ rule_number("churn_days_threshold") ~ " AND (CASE WHEN NOT compared_rank IS NULL THEN COUNT(compared_rank) OVER (ORDER BY compared_rank range BETWEEN UNBOUNDED preceding AND CURRENT ROW) - 1 END) >= (CAST(" ~ rule_number("moderate_engagement_percentile") ~ " AS DECIMAL(9, 6)) * (COUNT(compared_rank) OVER () - 1))"},
        {'name': "low_engagement", 'condition': "days_since_last_activity < " ~ rule_number("churn_days_threshold")},
        {'name': "churned", 'condition': none},
    ]}) }}
{%- endmacro %}

{#- The segments of customer_segments. -#}
{% macro segments_of_customer_segments() -%}
    {{ return({'segments': [
        {'name': "High-Value Travelers", 'condition': "spend_last_90_days >= 3 * " ~ rule_number("high_value_min_avg_monthly_spend") ~ " AND travel_spend_pct >= " ~ rule_number("high_value_min_travel_pct")},
        {'name': "Declining", 'condition': "spend_change_pct <= " ~ rule_number("declining_max_spend_change_pct") ~ " AND spend_prior_90_days >= " ~ rule_number("declining_min_prior_spend")},
        {'name': "New & Growing", 'condition': "tenure_months <= " ~ rule_number("new_growing_max_tenure_months") ~ " AND (spend_change_pct >= " ~ rule_number("new_growing_min_spend_change_pct") ~ " OR (" ~ rule_flag("new_without_prior_is_growing") ~ " AND spend_change_pct IS NULL AND spend_last_90_days > 0 AND days_since_first_purchase <= 180))"},
        {'name': "Budget-Conscious", 'condition': "spend_last_90_days < 3 * " ~ rule_number("budget_max_avg_monthly_spend") ~ " AND necessities_spend_pct >= " ~ rule_number("budget_min_necessities_pct")},
        {'name': "Stable Mid-Spenders", 'condition': none},
    ]}) }}
{%- endmacro %}

{#- The segments of planner_segments. -#}
{% macro segments_of_planner_segments() -%}
    {{ return({'segments': [
        {'name': "Active Planner", 'condition': "user_type = 'Planner' AND days_since_last_activity <= " ~ rule_number("planner_active_max_days")},
        {'name': "At-Risk Planner", 'condition': "user_type = 'Planner' AND days_since_last_activity <= " ~ rule_number("planner_churned_after_days")},
        {'name': "Churned Planner", 'condition': "user_type = 'Planner'"},
        {'name': "Passenger", 'condition': none},
    ]}) }}
{%- endmacro %}

{#- The segments of revenue_segments. -#}
{% macro segments_of_revenue_segments() -%}
    {{ return({'segments': [
        {'name': "whale", 'condition': "revenue_cents > 0 AND (CASE WHEN NOT revenue_cents IS NULL THEN COUNT(revenue_cents) OVER (ORDER BY revenue_cents range BETWEEN UNBOUNDED preceding AND CURRENT ROW) - 1 END) >= (CAST(" ~ rule_number("whale_revenue_percentile") ~ " AS DECIMAL(9, 6)) * (COUNT(revenue_cents) OVER () - 1))"},
        {'name': "dolphin", 'condition': "revenue_cents > 0 AND (CASE WHEN NOT revenue_cents IS NULL THEN COUNT(revenue_cents) OVER (ORDER BY revenue_cents range BETWEEN UNBOUNDED preceding AND CURRENT ROW) - 1 END) >= (CAST(" ~ rule_number("dolphin_revenue_percentile") ~ " AS DECIMAL(9, 6)) * (COUNT(revenue_cents) OVER () - 1))"},
        {'name': "minnow", 'condition': "revenue_cents > 0"},
        {'name': "free_user", 'condition': none},
    ]}) }}
{%- endmacro %}

{#- The segments of trade_sizes. -#}
{% macro segments_of_trade_sizes() -%}
    {{ return({'segments': [
        {'name': "micro", 'condition': "size_cents < 100 * " ~ rule_number("trade_size_small_min_usd")},
        {'name': "small", 'condition': "size_cents < 100 * " ~ rule_number("trade_size_medium_min_usd")},
        {'name': "medium", 'condition': "size_cents < 100 * " ~ rule_number("trade_size_large_min_usd")},
        {'name': "large", 'condition': "size_cents <= 100 * " ~ rule_number("trade_size_whale_above_usd")},
        {'name': "whale", 'condition': none},
    ]}) }}
{%- endmacro %}

{#- The segments of user_types. -#}
{% macro segments_of_user_types() -%}
    {{ return({'segments': [
        {'name': "Planner", 'condition': "criteria_count >= 1"},
        {'name': "Passenger", 'condition': none},
    ]}) }}
{%- endmacro %}
