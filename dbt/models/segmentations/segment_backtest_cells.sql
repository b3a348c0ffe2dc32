{#- A window that reaches past this run's as-of date is not over: its rows would say that people stopped. -#}
{#- Named wherever the family that builds them is computed, so that the model waits for them whatever is declared where
    dbt parses. -#}
{%- set purchases = ref('fct_customer_category_daily') if computes('customer_segments') -%}
{%- set activity = [ref('fct_user_activity_daily'), ref('fct_user_event_daily')] if computes('engagement') -%}

with

segment_members as (

    select * from {{ ref('segment_members') }}

),

user_features as (

    select * from {{ ref('user_features') }}

),

pairs as (

    {% for segmentation in segmentations() if segmentation.backtest -%}
    {%- set earlier = earlier_run_of(segmentation, 'backtest') -%}
    {%- if earlier and earlier.window_is_complete -%}
    select
        '{{ segmentation.name }}' as segmentation,
        {{ earlier.as_of_date }} as backtest_as_of_date,
        {{ earlier.run_key }} as backtest_run_key,
        members.segment,
        {% if segmentation.backtest == 'spend' -%}
        cast(coalesce(features.spend_last_90_days, 0) * 100 as bigint) as prior_value,
        {%- else -%}
        cast(coalesce(features.active_days_last_90_days, 0) as bigint) as prior_value,
        {%- endif %}
        cast(coalesce(since.later_value, 0) as bigint) as later_value
    from segment_members as members
    inner join user_features as features
        on
            members.run_key = features.run_key
            and members.user_id = features.user_id
    left join (
        {% if segmentation.backtest == 'spend' -%}
        {{ spend_since(purchases, earlier) | indent(8) }}
        {%- else -%}
        select
            user_id,
            count(*) as later_value
        from ({{ active_days() | indent(8) }}) as days
        where
            activity_date >= {{ earlier.as_of_date }}
            and activity_date < {{ earlier.window_end }}
        group by user_id
        {%- endif %}
    ) as since
        on members.user_id = since.user_id
    where
        members.run_key = {{ earlier.run_key }}
        and members.segmentation = '{{ segmentation.name }}'

    union all

    {% endif -%}
    {% endfor -%}
    select
        cast(null as varchar) as segmentation,
        cast(null as date) as backtest_as_of_date,
        cast(null as varchar) as backtest_run_key,
        cast(null as varchar) as segment,
        cast(0 as bigint) as prior_value,
        cast(0 as bigint) as later_value
    from segment_members
    inner join user_features on segment_members.user_id = user_features.user_id
    where 1 = 0

),

paired as (

    {{ paired_cells('pairs', ['segmentation', 'backtest_as_of_date', 'backtest_run_key', 'segment']) }}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    cast(segmentation as varchar) as segmentation,
    backtest_as_of_date,
    cast(backtest_run_key as varchar) as backtest_run_key,
    cast(segment as varchar) as segment,
    bin,
    n,
    prior_s1,
    later_s1,
    prior_s2,
    later_s2,
    cross_s2
from paired
