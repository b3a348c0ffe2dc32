-- A returned row is an event of the list whose number in this run's features differs from what core holds of the same
-- users in the seven days from their sign-up: events were lost or counted twice on the way.
{%- set events = events_list() %}

with

users as (

    select * from {{ ref('dim_user_early_engagement') }}
    where run_key = {{ run_key() }}

),

core as (

    select
        daily_events.event_name,
        sum(daily_events.event_count) as n_events,
        count(distinct users.user_id) as n_users
    from {{ ref('fct_user_event_daily') }} as daily_events
    inner join users on daily_events.user_id = users.user_id
    where daily_events.event_date - users.created_date between 0 and 6
    group by daily_events.event_name

),

features as (

    {% for event in events %}
    {%- set has, days, count = event_features(event) %}
    select
        {{ event.literal }} as event_name,
        coalesce(sum({{ count }}), 0) as n_events,
        count(case when {{ has }} then 1 end) as n_users
    from users
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    features.event_name,
    features.n_events,
    core.n_events as n_events_in_core,
    features.n_users,
    core.n_users as n_users_in_core
from features
left join core on features.event_name = core.event_name
where
    features.n_events <> coalesce(core.n_events, 0)
    or features.n_users <> coalesce(core.n_users, 0)
