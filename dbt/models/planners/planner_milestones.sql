{#- When each criterion of a planner was first met. Ephemeral: a step of user_segmentation, not a table of its own. -#}
{{ config(materialized='ephemeral') }}

with

users as (

    select
        user_id,
        created_date
    from {{ ref('stg_users') }}

),

events as (

    select * from {{ ref('stg_events') }}
    where
        event_date < {{ as_of_date() }}
        and (
            event_name in {{ rule_texts('planner_events', 'prompt') }}
            or event_name in {{ rule_texts('planner_events', 'swipe') }}
        )

),

daily as (

    select * from {{ ref('fct_user_event_daily') }}
    where event_date < {{ as_of_date() }}

),

-- An event that was delivered twice stands here once, as it does in the daily facts.
counted as (

    select
        events.user_id,
        events.event_name in {{ rule_texts('planner_events', 'prompt') }} as is_prompt,
        events.event_name,
        events.event_date,
        events.event_id,
        min(events.event_at) as event_at
    from events
    inner join users on events.user_id = users.user_id
    where events.event_date >= users.created_date
    group by events.user_id, events.event_name, events.event_date, events.event_id

),

numbered as (

    select
        user_id,
        is_prompt,
        event_at,
        row_number() over (partition by user_id, is_prompt order by event_at, event_id) as place
    from counted

),

prompts_and_swipes as (

    select
        user_id,
        min(
            case when is_prompt and place = {{ rule_number('planner_min_prompts') }} then event_at end
        ) as enough_prompts_at,
        min(
            case when not is_prompt and place = {{ rule_number('planner_min_swipes') }} then event_at end
        ) as enough_swipes_at
    from numbered
    group by user_id

),

firsts as (

    select
        daily.user_id,
        min(
            case
                when daily.event_name in {{ rule_texts('planner_events', 'deck_created') }}
                    then daily.first_event_at
            end
        ) as created_deck_at,
        min(
            case
                when daily.event_name in {{ rule_texts('planner_events', 'share') }}
                    then daily.first_event_at
            end
        ) as shared_content_at,
        min(
            case
                when daily.event_name in {{ rule_texts('planner_events', 'multiplayer') }}
                    then daily.first_event_at
            end
        ) as created_multiplayer_at
    from daily
    inner join users on daily.user_id = users.user_id
    where daily.event_date >= users.created_date
    group by daily.user_id

)

select
    firsts.user_id,
    -- greatest() of an unknown and a known moment is unknown in one warehouse and known in the other.
    case
        when prompts_and_swipes.enough_prompts_at is null or prompts_and_swipes.enough_swipes_at is null then null
        else greatest(prompts_and_swipes.enough_prompts_at, prompts_and_swipes.enough_swipes_at)
    end as prompted_and_swiped_at,
    firsts.created_deck_at,
    firsts.shared_content_at,
    firsts.created_multiplayer_at
from firsts
left join prompts_and_swipes on firsts.user_id = prompts_and_swipes.user_id
