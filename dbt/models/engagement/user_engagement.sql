{#- Without transactions nobody is known to be free: what is made of them is null. -#}
{%- set has_money = has_rows_of('transactions') -%}
{%- set among = rule_choice('engagement_percentile_users', ['all', 'active']) -%}

with

users as (

    {{ users_before_as_of() }}

),

active_days as (

    {{ active_days() }}

),

spend as (

    select
        user_id,
        sum(net_cents) as lifetime_cents,
        sum(case when transaction_date >= {{ window_start(1) }} then net_cents else 0 end) as window_cents
    from {{ ref('fct_customer_category_daily') }}
    where transaction_date < {{ as_of_date() }}
    group by user_id

),

stage_dates as (

    {{ stage_dates('users') }}

),

activity as (

    select
        active_days.user_id,
        max(active_days.activity_date) as last_activity_date,
        sum(case when active_days.activity_date >= {{ window_start(1) }} then 1 else 0 end) as active_days_last_90_days,
        sum(case when active_days.activity_date >= {{ window_start(1) }} then active_days.event_count else 0 end)
            as events_last_90_days,
        sum(case when active_days.activity_date >= {{ window_start(1) }} then active_days.session_count else 0 end)
            as sessions_last_90_days,
        sum(case when active_days.activity_date >= {{ window_start(1) }} then active_days.session_seconds else 0 end)
            as session_seconds_last_90_days
    from active_days
    inner join users
        on
            active_days.user_id = users.user_id
            and active_days.activity_date >= users.created_date
    group by active_days.user_id

),

journeys as (

    select
        user_id,
        count(*) as stages_reached,
        max(stage_number) as furthest_stage_number,
        max_by(reached_date, stage_number) as furthest_stage_date,
        max(case when is_in_order then stage_number else 0 end) as stages_in_order
    from stage_dates
    group by user_id

),

counted as (

    select
        users.user_id,
        users.created_date,
        users.platform,
        users.country,
        activity.last_activity_date,
        journeys.furthest_stage_date,
        least(90, {{ as_of_date() }} - users.created_date) as observed_days,
        {{ as_of_date() }} - activity.last_activity_date as days_since_last_activity,
        coalesce(activity.active_days_last_90_days, 0) as active_days_last_90_days,
        coalesce(activity.sessions_last_90_days, 0) as sessions_last_90_days,
        coalesce(activity.session_seconds_last_90_days, 0) as session_seconds_last_90_days,
        coalesce(activity.events_last_90_days, 0) as events_last_90_days,
        coalesce(spend.lifetime_cents, 0) as lifetime_cents,
        coalesce(spend.window_cents, 0) as window_cents,
        coalesce(journeys.stages_reached, 0) as stages_reached,
        coalesce(journeys.furthest_stage_number, 0) as furthest_stage_number,
        coalesce(journeys.stages_in_order, 0) as stages_in_order,
        count(*) over () as n_users,
        sum(activity.session_seconds_last_90_days) over () > 0 as has_session_lengths
    from users
    left join activity on users.user_id = activity.user_id
    left join spend on users.user_id = spend.user_id
    left join journeys on users.user_id = journeys.user_id

),

metrics as (

    select
        *,
        cast(sessions_last_90_days as double) / observed_days as session_frequency,
        case
            when has_session_lengths and sessions_last_90_days > 0
                then cast(session_seconds_last_90_days as double) / sessions_last_90_days
        end as session_duration,
        cast(events_last_90_days as double) / observed_days as event_frequency,
        {{ 'lifetime_cents' if rule_choice('revenue_segment_basis', ['lifetime', 'window']) == 'lifetime'
           else 'window_cents' }} as revenue_cents
    from counted

),

-- A user without sessions or without any activity stands below all others.
placed as (

    select
        *,
        {{ users_below('session_frequency') }} as below_session_frequency,
        {{ users_not_above('session_frequency') }} as up_to_session_frequency,
        {{ users_below('coalesce(session_duration, -1)') }} as below_session_duration,
        {{ users_not_above('coalesce(session_duration, -1)') }} as up_to_session_duration,
        {{ users_below('event_frequency') }} as below_event_frequency,
        {{ users_not_above('event_frequency') }} as up_to_event_frequency,
        {{ users_below('-coalesce(days_since_last_activity, 1000000)') }} as below_recency,
        {{ users_not_above('-coalesce(days_since_last_activity, 1000000)') }} as up_to_recency,
        {{ users_below('revenue_cents') }} as below_revenue,
        {{ users_not_above('revenue_cents') }} as up_to_revenue
    from metrics

),

weighted as (

    select
        *,
        {{ doubled_rank('below_session_frequency', 'up_to_session_frequency') }} as rank_session_frequency,
        {{ doubled_rank('below_session_duration', 'up_to_session_duration') }} as rank_session_duration,
        {{ doubled_rank('below_event_frequency', 'up_to_event_frequency') }} as rank_event_frequency,
        {{ doubled_rank('below_recency', 'up_to_recency') }} as rank_recency,
        cast({{ rule_number('engagement_session_frequency_weight') }} as decimal(9, 6)) as weight_session_frequency,
        -- Without any known length the duration ranks nobody; dividing by the sum of the weights shares its weight.
        case
            when has_session_lengths
                then cast({{ rule_number('engagement_session_duration_weight') }} as decimal(9, 6))
            else 0
        end as weight_session_duration,
        cast({{ rule_number('engagement_event_frequency_weight') }} as decimal(9, 6)) as weight_event_frequency,
        cast({{ rule_number('engagement_recency_weight') }} as decimal(9, 6)) as weight_recency
    from placed

),

-- The sum is kept in decimals until users are compared: equal scores are equal on every warehouse.
summed as (

    select
        *,
        weight_session_frequency * rank_session_frequency
        + weight_session_duration * rank_session_duration
        + weight_event_frequency * rank_event_frequency
        + weight_recency * rank_recency as weighted_rank,
        weight_session_frequency + weight_session_duration + weight_event_frequency + weight_recency as weights,
        days_since_last_activity is null
        or days_since_last_activity >= {{ rule_days('churn_days_threshold') }} as is_churned
    from weighted

),

scored as (

    select
        *,
        case
            when n_users > 1 and weights > 0
                then cast(weighted_rank as double) / (cast(2 * (n_users - 1) as double) * cast(weights as double))
            else 0.5
        end as engagement_score,
        {{ 'case when not is_churned then weighted_rank end' if among == 'active' else 'weighted_rank' }}
            as compared_rank
    from summed

),

segmented as (

    select
        *,
        {{ decided_segment(segments_of_behavioral_segments()) | indent(4) }} as behavioral_segment,
        {{ decided_segment(segments_of_revenue_segments()) | indent(4) }} as revenue_segment
    from scored

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    user_id,
    created_date,
    platform,
    country,
    cast(observed_days as integer) as observed_days,
    last_activity_date,
    cast(days_since_last_activity as integer) as days_since_last_activity,
    cast(active_days_last_90_days as bigint) as active_days_last_90_days,
    cast(sessions_last_90_days as bigint) as sessions_last_90_days,
    cast(session_seconds_last_90_days as bigint) as session_seconds_last_90_days,
    cast(events_last_90_days as bigint) as events_last_90_days,
    session_frequency,
    session_duration,
    event_frequency,
    {{ percentile_rank('rank_session_frequency', 'n_users') }} as session_frequency_rank,
    case when has_session_lengths then {{ percentile_rank('rank_session_duration', 'n_users') }} end
        as session_duration_rank,
    {{ percentile_rank('rank_event_frequency', 'n_users') }} as event_frequency_rank,
    {{ percentile_rank('rank_recency', 'n_users') }} as recency_rank,
    engagement_score,
    cast(behavioral_segment as varchar) as behavioral_segment,
    {% if has_money -%}
    {{ dollars('lifetime_cents') }} as lifetime_revenue,
    {{ dollars('window_cents') }} as revenue_last_90_days,
    {{ percentile_rank(doubled_rank('below_revenue', 'up_to_revenue'), 'n_users') }} as revenue_percentile,
    cast(revenue_segment as varchar) as revenue_segment,
    {%- else -%}
    cast(null as decimal(18, 2)) as lifetime_revenue,
    cast(null as decimal(18, 2)) as revenue_last_90_days,
    cast(null as double) as revenue_percentile,
    cast(null as varchar) as revenue_segment,
    {%- endif %}
    cast({{ stage_name('furthest_stage_number') }} as varchar) as furthest_stage,
    cast(furthest_stage_number as integer) as furthest_stage_number,
    coalesce(furthest_stage_date, created_date) as furthest_stage_date,
    cast(coalesce(furthest_stage_date, created_date) - created_date as integer)
        as days_to_furthest_stage,
    cast(stages_reached as integer) as stages_reached,
    cast(stages_in_order as integer) as stages_in_order
from segmented
