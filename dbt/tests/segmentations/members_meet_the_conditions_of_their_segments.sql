-- A returned row is a segment with members who do not meet its condition, or who meet that of an earlier segment.
with

user_features as (

    select * from {{ ref('user_features') }}
    where run_key = {{ run_key() }}

),

segment_members as (

    select * from {{ ref('segment_members') }}
    where run_key = {{ run_key() }}

),

compared as (

    {% for segmentation in segmentations() -%}
    select
        members.segmentation,
        members.segment,
        conditions.number
    from segment_members as members
    inner join (
        select
            user_id,
            {% for segment in segmentation.segments -%}
            {{ segment.condition or '1 = 1' }} as condition_{{ loop.index }}{{ ',' if not loop.last }}
            {% endfor %}
        from user_features
        where {{ 'is_customer' if segmentation.population == 'customers' else 'is_user' }}
    ) as met
        on members.user_id = met.user_id
    inner join (
        {% for segment in segmentation.segments -%}
        select
            {{ loop.index }} as number,
            {{ segment_text(segment.name) }} as segment
        {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as conditions
        on members.segment = conditions.segment
    where
        members.segmentation = '{{ segmentation.name }}'
        and (
            {% for segment in segmentation.segments -%}
            (conditions.number = {{ loop.index }} and not coalesce(met.condition_{{ loop.index }}, false))
            or (conditions.number > {{ loop.index }} and coalesce(met.condition_{{ loop.index }}, false))
            {{ 'or' if not loop.last }}
            {% endfor %}
        )

    union all

    {% endfor -%}
    select
        segment_members.segmentation,
        segment_members.segment,
        0 as number
    from segment_members
    inner join user_features on segment_members.user_id = user_features.user_id
    where 1 = 0

)

select
    segmentation,
    segment,
    count(*) as members
from compared
group by segmentation, segment
