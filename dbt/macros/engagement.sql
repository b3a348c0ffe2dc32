{#- Percentiles and activity of the family engagement. -#}

{#- Who stands where among all users, in exact integers: how many are below, and how many are not above. Nulls must be
    replaced before, by a value below all others. -#}
{% macro users_below(value) -%}
    rank() over (order by {{ value }}) - 1
{%- endmacro %}

{% macro users_not_above(value) -%}
    count(*) over (order by {{ value }} range between unbounded preceding and current row)
{%- endmacro %}

{#- Twice the number of others that a user is above, ties half: 0 for the lowest, 2 (n - 1) for the highest. -#}
{% macro doubled_rank(below, not_above) -%}
    {{ below }} + {{ not_above }} - 1
{%- endmacro %}

{#- The percentile rank, 0 to 1; a user alone is in the middle. -#}
{% macro percentile_rank(doubled, users) -%}
    case when {{ users }} > 1 then cast({{ doubled }} as double) / cast(2 * ({{ users }} - 1) as double) else 0.5 end
{%- endmacro %}

{#- The users that the family is about: testers and those who signed up later are none of them. -#}
{% macro users_before_as_of() -%}
    select
        user_id,
        created_date,
        platform,
        country
    from {{ ref('stg_users') }}
    where
        not is_test_user
        and created_date < {{ as_of_date() }}
{%- endmacro %}

{#- The days before the as-of date on which users did something, with counts. Passive events are no activity; a day with
    nothing else is no active day, and a session with nothing else is no session of the day. -#}
{% macro active_days() -%}
    {%- set passive = var('passive_events') -%}
    {#- Named in either case, so that the model waits for both facts whatever the rule says where dbt is parsed. -#}
    {%- set days, events = ref('fct_user_activity_daily'), ref('fct_user_event_daily') -%}
    {%- if passive -%}
    {%- set is_activity -%}
        event_name not in ({% for name in passive %}{{ checked_name('passive_events', name) }}{{ ', ' if not loop.last }}{% endfor %})
    {%- endset -%}
    select
        events.user_id,
        events.activity_date,
        events.event_count,
        coalesce(sessions.session_count, 0) as session_count,
        coalesce(sessions.session_seconds, 0) as session_seconds
    from (
        select
            user_id,
            event_date as activity_date,
            sum(event_count) as event_count
        from {{ events }}
        where
            event_date < {{ as_of_date() }}
            and {{ is_activity }}
        group by user_id, event_date
    ) as events
    left join (
        {{ daily_sessions(is_activity) | indent(8) }}
    ) as sessions
        on
            events.user_id = sessions.user_id
            and events.activity_date = sessions.activity_date
    {%- else -%}
    select
        user_id,
        activity_date,
        event_count,
        session_count,
        session_seconds
    from {{ days }}
    where activity_date < {{ as_of_date() }}
    {%- endif -%}
{%- endmacro %}

{#- The sessions of the current window by user and day, of which at least one event of the day fulfils the condition; lengths as in
    fct_user_activity_daily, which does not know the names of a session's events. -#}
{% macro daily_sessions(condition) -%}
    select
        user_id,
        event_date as activity_date,
        count(*) as session_count,
        cast(coalesce(sum(cast(round(session_seconds, 0) as bigint)), 0) as bigint) as session_seconds
    from (
        select
            user_id,
            event_date,
            session_id,
            max(session_seconds) as session_seconds
        from (
            -- A redelivered event is a repeated event_id.
            select
                user_id,
                event_date,
                min(session_id) as session_id,
                min(event_name) as event_name,
                max(session_seconds) as session_seconds
            from {{ ref('stg_events') }}
            where
                event_date >= {{ window_start(1) }}
                and event_date < {{ as_of_date() }}
            group by user_id, event_date, event_id
        ) as events_once
        where session_id is not null
        group by user_id, event_date, session_id
        having max(case when {{ condition }} then 1 else 0 end) = 1
    ) as sessions
    group by user_id, event_date
{%- endmacro %}

{#- When users reached the stages of their journey: one row per user and reached stage, from sign-up on.
    `reached_date`: the day on which the stage's event had happened often enough. `is_in_order`: all earlier stages were
    reached too, and `completed_date` is the day on which the last of them was. -#}
{% macro stage_dates(users) -%}
    {%- set stages = journey_stages() -%}
    {%- set repeated = stages | selectattr('count', '>', 1) | list -%}
    select
        user_id,
        created_date,
        stage_number,
        reached_date,
        row_number() over (partition by user_id order by stage_number) = stage_number as is_in_order,
        max(reached_date) over (
            partition by user_id order by stage_number rows between unbounded preceding and current row
        ) as completed_date
    from (
        select
            counted.user_id,
            counted.created_date,
            stages.stage_number,
            min(counted.event_date) as reached_date
        from (
            select
                {{ users }}.user_id,
                {{ users }}.created_date,
                events.event_name,
                events.event_date,
                {% if repeated -%}
                sum(events.event_count) over (
                    partition by events.user_id, events.event_name
                    order by events.event_date rows between unbounded preceding and current row
                ) as so_far
                {%- else -%}
                events.event_count as so_far
                {%- endif %}
            from {{ ref('fct_user_event_daily') }} as events
            inner join {{ users }} on events.user_id = {{ users }}.user_id
            where
                events.event_date < {{ as_of_date() }}
                and events.event_date >= {{ users }}.created_date
                and events.event_name in ({% for name in stages | map(attribute='event') | unique %}{{ checked_name('journey_stages', name) }}{{ ', ' if not loop.last }}{% endfor %})
        ) as counted
        inner join (
            {% for stage in stages -%}
            select
                {{ loop.index }} as stage_number,
                {{ checked_name('journey_stages', stage.event) }} as event_name,
                {{ stage.count }} as minimum_count
            {{ 'union all' if not loop.last }}
            {% endfor %}
        ) as stages
            on
                counted.event_name = stages.event_name
                and counted.so_far >= stages.minimum_count
        group by counted.user_id, counted.created_date, stages.stage_number
    ) as reached
{%- endmacro %}

{#- The name of a stage by its number; 0 is the start. -#}
{% macro stage_name(number) -%}
    case {{ number }}
        {%- for stage in journey_stages() %}
        when {{ loop.index }} then {{ checked_name('journey_stages', stage.stage) }}
        {%- endfor %}
        else 'install'
    end
{%- endmacro %}

{% macro journey_stages() -%}
    {%- set stages = var('journey_stages') -%}
    {%- for stage in stages -%}
        {%- if stage.count is not integer or stage.count < 1 -%}
            {{ exceptions.raise_compiler_error(
                "The rule journey_stages has the count '" ~ stage.count ~ "': it must be a whole number of 1 or more."
            ) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(stages) }}
{%- endmacro %}

{#- A whole number of days. -#}
{% macro rule_days(name) -%}
    {%- set value = var(name) -%}
    {%- if value is not integer or value is boolean or value < 1 -%}
        {{ exceptions.raise_compiler_error(
            "The rule " ~ name ~ " must be a whole number of 1 or more (found '" ~ value ~ "'): correct it in the rules file."
        ) }}
    {%- endif -%}
    {{ return(value) }}
{%- endmacro %}

{% macro retention_days() -%}
    {%- set days = var('retention_days') -%}
    {%- for day in days -%}
        {%- if day is not integer or day < 1 -%}
            {{ exceptions.raise_compiler_error(
                "The rule retention_days holds '" ~ day ~ "': it must hold whole numbers of 1 or more."
            ) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(days) }}
{%- endmacro %}

{#- The first day whose sign-ups are install cohorts of this run. -#}
{% macro first_cohort_date() -%}
    cast('{{ (_as_of_day() - modules.datetime.timedelta(days=rule_days('install_cohort_history_days'))).isoformat() }}' as date)
{%- endmacro %}

{% macro checked_name(rule, name) -%}
    {%- if not modules.re.fullmatch('[0-9A-Za-z_.:/ -]{1,64}', name | string) -%}
        {{ exceptions.raise_compiler_error(
            "The rule " ~ rule ~ " has the name '" ~ name ~ "': use up to 64 letters, digits, spaces and _ . : / -"
        ) }}
    {%- endif -%}
    '{{ name }}'
{%- endmacro %}

{#- The users of an earlier run with the score and the segments that the rules of now decide, from what it kept of them. Doubled ranks
    are whole numbers, so that equal scores are equal as in user_engagement. -#}
{% macro engagement_under_the_same_rules(run) -%}
    {%- set parts = ['session_frequency', 'session_duration', 'event_frequency', 'recency'] -%}
    {%- set active_only = rule_choice('engagement_percentile_users', ['all', 'active']) == 'active' -%}
    select
        run_key,
        user_id,
        {{ decided_segment(segments_of_behavioral_segments()) | indent(8) }} as behavioral_segment,
        case
            when revenue_cents is not null
                then
                    {{ decided_segment(segments_of_revenue_segments()) | indent(20) }}
        end as revenue_segment,
        engagement_score,
        lifetime_revenue,
        revenue_last_90_days
    from (
        select
            *,
            {{ 'case when days_since_last_activity < ' ~ rule_days('churn_days_threshold') ~ ' then weighted_rank end'
               if active_only else 'weighted_rank' }} as compared_rank,
            case
                when n_users > 1 and weights > 0
                    then cast(weighted_rank as double) / (cast(2 * (n_users - 1) as double) * cast(weights as double))
                else 0.5
            end as engagement_score
        from (
            select
                run_key,
                user_id,
                days_since_last_activity,
                lifetime_revenue,
                revenue_last_90_days,
                cast(100 * {{ 'lifetime_revenue' if rule_choice('revenue_segment_basis', ['lifetime', 'window']) == 'lifetime'
                   else 'revenue_last_90_days' }} as bigint) as revenue_cents,
                count(*) over () as n_users,
                {% for part in parts -%}
                cast({{ rule_number('engagement_' ~ part ~ '_weight') }} as decimal(9, 6))
                * cast(round(coalesce({{ part }}_rank, 0) * 2 * (count(*) over () - 1), 0) as bigint)
                {{ '+ ' if not loop.last }}
                {%- endfor %} as weighted_rank,
                {% for part in parts -%}
                case
                    when count({{ part }}_rank) over () > 0
                        then cast({{ rule_number('engagement_' ~ part ~ '_weight') }} as decimal(9, 6))
                    else 0
                end
                {{ '+ ' if not loop.last }}
                {%- endfor %} as weights
            from {{ ref('user_engagement') }}
            where run_key = {{ run.run_key }}
        ) as ranked
    ) as scored
{%- endmacro %}
