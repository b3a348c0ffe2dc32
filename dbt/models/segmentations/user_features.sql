with

users as (

    {{ users_before_as_of() }}

),

customers as (

    {% if computes('customer_segments') -%}
    select
        segments.*,
        segments.customer_id as user_id,
        spend.purchases_last_90_days,
        spend.purchases_last_180_days
    from {{ ref('customer_segments') }} as segments
    inner join {{ ref('customer_spend') }} as spend
        on
            segments.run_key = spend.run_key
            and segments.customer_id = spend.customer_id
    where segments.run_key = {{ run_key() }}
    {%- else -%}
    {{ rows_of_family('customer_segments', 'customer_segments') }}
    {%- endif %}

),

engagement as (

    {{ rows_of_family('engagement', 'user_engagement') }}

),

planners as (

    {{ rows_of_family('planners', 'user_segmentation') }}

),

first_week as (

    {{ rows_of_family('early_engagement', 'dim_user_early_engagement') }}

),

cohorts as (

    {{ rows_of_family('fee_tiers', 'fct_user_cohorts', 'k = 0') }}

),

swaps as (

    {% if computes('fee_tiers') -%}
    select
        user_id,
        sum(swaps_count) as swaps,
        sum(volume_cents) as volume_cents,
        sum(fee_cents) as fee_cents,
        count(case when swaps_count > 0 then 1 end) as active_fee_weeks
    from {{ ref('fct_user_weekly_summary') }}
    where run_key = {{ run_key() }}
    group by user_id
    {%- else -%}
    {{ rows_of_family('fee_tiers', 'fct_user_weekly_summary') }}
    {%- endif %}

),

people as (

    select user_id from users
    union distinct
    select user_id from customers

),

joined as (

    select
        people.user_id,
        users.user_id is not null as is_user,
        customers.user_id is not null as is_customer,

        cast(users.platform as varchar) as platform,
        cast(users.country as varchar) as country,
        users.created_date as signup_date,
        cast({{ as_of_date() }} - users.created_date as integer) as days_since_signup,

        {% set spend = 'customer_segments' -%}
        {{ feature(spend, 'customers.customer_segment', 'varchar') }} as customer_segment,
        {{ feature(spend, 'customers.first_transaction_date', 'date') }} as first_purchase_date,
        {{ feature(spend, 'customers.last_transaction_date', 'date') }} as last_purchase_date,
        {{ feature(spend, as_of_date() ~ ' - customers.first_transaction_date', 'integer') }}
            as days_since_first_purchase,
        {{ feature(spend, as_of_date() ~ ' - customers.last_transaction_date', 'integer') }}
            as days_since_last_purchase,
        {{ feature(spend, 'customers.tenure_months', 'integer') }} as tenure_months,
        {{ feature(spend, 'customers.total_transactions', 'bigint') }} as total_purchases,
        {{ feature(spend, 'customers.purchases_last_90_days', 'bigint') }} as purchases_last_90_days,
        {{ feature(spend, 'customers.purchases_last_180_days', 'bigint') }} as purchases_last_180_days,
        {{ feature(spend, 'customers.lifetime_value', 'decimal(18, 2)') }} as lifetime_value,
        {{ feature(spend, 'customers.avg_transaction_value', 'decimal(18, 2)') }} as avg_transaction_value,
        {{ feature(spend, 'customers.spend_last_90_days', 'decimal(18, 2)') }} as spend_last_90_days,
        {{ feature(spend, 'customers.spend_prior_90_days', 'decimal(18, 2)') }} as spend_prior_90_days,
        {{ feature(spend, 'customers.spend_change_pct', 'double') }} as spend_change_pct,
        {{ feature(spend, 'customers.avg_monthly_spend', 'decimal(18, 2)') }} as avg_monthly_spend,
        {{ feature(spend, 'customers.travel_spend_pct', 'double') }} as travel_spend_pct,
        {{ feature(spend, 'customers.necessities_spend_pct', 'double') }} as necessities_spend_pct,

        {{ feature('engagement', 'engagement.last_activity_date', 'date') }} as last_activity_date,
        {{ feature('engagement', 'engagement.days_since_last_activity', 'integer') }} as days_since_last_activity,
        {{ feature('engagement', 'engagement.active_days_last_90_days', 'bigint') }} as active_days_last_90_days,
        {{ feature('engagement', 'engagement.events_last_90_days', 'bigint') }} as events_last_90_days,
        {{ feature('engagement', 'engagement.sessions_last_90_days', 'bigint') }} as sessions_last_90_days,
        {{ feature('engagement', 'engagement.session_seconds_last_90_days', 'bigint') }}
            as session_seconds_last_90_days,
        {{ feature('engagement', 'engagement.engagement_score', 'double') }} as engagement_score,
        {{ feature('engagement', 'engagement.behavioral_segment', 'varchar') }} as behavioral_segment,
        {{ feature('engagement', 'engagement.lifetime_revenue', 'decimal(18, 2)') }} as lifetime_revenue,
        {{ feature('engagement', 'engagement.revenue_last_90_days', 'decimal(18, 2)') }} as revenue_last_90_days,
        {{ feature('engagement', 'engagement.revenue_segment', 'varchar') }} as revenue_segment,
        {{ feature('engagement', 'engagement.furthest_stage', 'varchar') }} as furthest_stage,
        {{ feature('engagement', 'engagement.furthest_stage_number', 'integer') }} as furthest_stage_number,
        {{ feature('engagement', 'engagement.days_to_furthest_stage', 'integer') }} as days_to_furthest_stage,

        {{ feature('planners', 'planners.user_type', 'varchar') }} as user_type,
        {{ feature('planners', 'planners.detailed_segment', 'varchar') }} as planner_segment,
        {{ feature('planners', 'planners.is_almost_planner', 'boolean') }} as is_almost_planner,
        {{ feature('planners', 'planners.days_to_become_planner', 'double') }} as days_to_become_planner,
        {{ feature('planners', 'planners.total_prompts', 'bigint') }} as total_prompts,
        {{ feature('planners', 'planners.total_swipes', 'bigint') }} as total_swipes,
        {{ feature('planners', 'planners.total_saves', 'bigint') }} as total_saves,
        {{ feature('planners', 'planners.total_shares', 'bigint') }} as total_shares,
        {{ feature('planners', 'planners.total_conversions', 'bigint') }} as total_conversions,

        {% set events = events_list() -%}
        {% set counts, used = [], [] -%}
        {% for event in events -%}
        {%- set has, days, count = event_features(event) -%}
        {%- do used.append('case when first_week.' ~ has ~ ' then 1 else 0 end') -%}
        {%- do counts.append('first_week.' ~ count) -%}
        {%- endfor -%}
        {{ feature('early_engagement', counts | join(' + ') or '0', 'bigint') }} as first_week_events,
        {{ feature('early_engagement', used | join(' + ') or '0', 'integer') }} as first_week_kinds_of_events,
        {{ feature('early_engagement', 'first_week.is_retained_4_weeks', 'boolean') }} as is_retained_4_weeks,

        {{ feature('fee_tiers', 'cohorts.first_seen_fee_bps', 'double') }} as first_fee_bps,
        {{ feature('fee_tiers', 'swaps.swaps', 'bigint') }} as total_swaps,
        {{ feature('fee_tiers', 'swaps.active_fee_weeks', 'integer') }} as active_fee_weeks,
        {{ feature('fee_tiers', dollars('swaps.volume_cents'), 'decimal(18, 2)') }} as swap_volume,
        {{ feature('fee_tiers', dollars('round(swaps.fee_cents, 0)'), 'decimal(18, 2)') }} as swap_fees
    from people
    left join users on people.user_id = users.user_id
    left join customers on people.user_id = customers.user_id
    left join engagement on people.user_id = engagement.user_id
    left join planners on people.user_id = planners.user_id
    left join first_week on people.user_id = first_week.user_id
    left join cohorts on people.user_id = cohorts.user_id
    left join swaps on people.user_id = swaps.user_id

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    joined.*
from joined
