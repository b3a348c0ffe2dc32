{%- set criteria = {
    'prompted_and_swiped': 'prompted_and_swiped_at',
    'created_deck': 'created_deck_at',
    'shared_content': 'shared_content_at',
    'created_multiplayer_session': 'created_multiplayer_at',
} -%}
{%- set totals = {
    'total_prompts': 'prompt',
    'total_swipes': 'swipe',
    'total_saves': 'save',
    'total_shares': 'share',
    'total_decks_created': 'deck_created',
    'total_multiplayer_sessions': 'multiplayer',
    'total_conversions': 'conversion',
} -%}

with

users as (

    select * from {{ ref('stg_users') }}
    where
        created_date < {{ as_of_date() }}
        and not is_test_user

),

daily as (

    select * from {{ ref('fct_user_event_daily') }}
    where event_date < {{ as_of_date() }}

),

milestones as (

    select * from {{ ref('planner_milestones') }}

),

-- What happened on days before the account existed is somebody else's, or an error of a clock.
activity as (

    select
        daily.user_id,
        sum(daily.event_count) as total_events,
        {%- for column, kind in totals.items() %}
        sum(
            case
                when daily.event_name in {{ rule_texts('planner_events', kind) }}
                    then daily.event_count
                else 0
            end
        ) as {{ column }},
        {%- endfor %}
        count(distinct daily.event_date) as days_active,
        max(daily.event_date) as last_activity_date
    from daily
    inner join users on daily.user_id = users.user_id
    where daily.event_date >= users.created_date
    group by daily.user_id

),

measured as (

    select
        users.user_id,
        users.created_at,
        users.created_date,
        users.platform,
        coalesce(activity.total_events, 0) as total_events,
        {%- for column in totals %}
        coalesce(activity.{{ column }}, 0) as {{ column }},
        {%- endfor %}
        coalesce(activity.days_active, 0) as days_active,
        activity.last_activity_date,
        datediff('day', activity.last_activity_date, {{ as_of_date() }}) as days_since_last_activity,
        {%- for column in criteria.values() %}
        milestones.{{ column }},
        {%- endfor %}
        -- An unknown moment becomes one that is later than all, because least() treats nulls differently by warehouse.
        nullif(
            least(
                {%- for column in criteria.values() %}
                coalesce(milestones.{{ column }}, cast('9999-12-31' as timestamp)){{ ',' if not loop.last }}
                {%- endfor %}
            ),
            cast('9999-12-31' as timestamp)
        ) as became_planner_at,
        (
            {%- for column in criteria.values() %}
            case when milestones.{{ column }} is not null then 1 else 0 end{{ ' +' if not loop.last }}
            {%- endfor %}
        ) as criteria_count
    from users
    left join activity on users.user_id = activity.user_id
    left join milestones on users.user_id = milestones.user_id

),

classified as (

    select
        *,
        {{ decided_segment(segments_of_user_types()) | indent(4) }} as user_type,
        became_planner_at is null
        and (
            total_prompts >= {{ rule_number('almost_planner_min_prompts') }}
            or total_swipes >= {{ rule_number('almost_planner_min_swipes') }}
        ) as is_almost_planner
    from measured

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    user_id,
    cast(user_type as varchar) as user_type,
    cast(
        {{ decided_segment(segments_of_planner_segments()) | indent(4) }} as varchar
    ) as detailed_segment,
    -- A list as JSON text: both warehouses, CSV and Parquet hold it alike. The published view makes it a list.
    cast(
        '['
        {%- for name, column in criteria.items() %}
        || case when {{ column }} is not null then '"{{ name }}"' else '' end
        {%- if not loop.last %}
        || case
            when {{ column }} is not null
                and coalesce({{ (criteria.values() | list)[loop.index:] | join(', ') }}) is not null
                then ','
            else ''
        end
        {%- endif %}
        {%- endfor %}
        || ']' as varchar
    ) as planner_criteria_met,
    cast(criteria_count as integer) as criteria_count,
    prompted_and_swiped_at is not null as has_prompted_and_swiped,
    created_deck_at is not null as has_created_deck,
    shared_content_at is not null as has_shared_content,
    created_multiplayer_at is not null as has_created_multiplayer_session,
    became_planner_at,
    case
        when became_planner_at is not null
            then greatest(cast(datediff('second', created_at, became_planner_at) as double), 0) / 86400
    end as days_to_become_planner,
    is_almost_planner,
    created_at,
    created_date,
    cast(date_trunc('week', created_date) as date) as signup_week,
    platform,
    days_active > 0 as is_activated,
    cast(total_events as bigint) as total_events,
    {%- for column in totals %}
    cast({{ column }} as bigint) as {{ column }},
    {%- endfor %}
    cast(days_active as bigint) as days_active,
    last_activity_date,
    cast(days_since_last_activity as bigint) as days_since_last_activity,
    cast(total_prompts as double) / greatest(days_active, 1) as prompts_per_active_day,
    cast(total_swipes as double) / greatest(total_prompts, 1) as swipes_per_prompt,
    100 * cast(total_conversions as double) / greatest(total_swipes, 1) as conversion_rate
from classified
