-- A returned row is a segmentation whose members are not exactly the customers or users of this run, or which has a
-- segment that its file does not declare.
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
        '{{ segmentation.name }}' as segmentation,
        user_features.user_id as expected,
        members.user_id as found,
        members.segment not in (
            {%- for segment in segmentation.segments -%}
            {{ segment_text(segment.name) }}{{ ', ' if not loop.last }}
            {%- endfor -%}
        ) as is_unknown
    from (
        select user_id from user_features
        where {{ 'is_customer' if segmentation.population == 'customers' else 'is_user' }}
    ) as user_features
    full outer join (
        select
            user_id,
            segment
        from segment_members
        where segmentation = '{{ segmentation.name }}'
    ) as members
        on user_features.user_id = members.user_id

    union all

    {% endfor -%}
    select
        cast(null as varchar) as segmentation,
        cast(null as varchar) as expected,
        cast(null as varchar) as found,
        false as is_unknown
    from segment_members
    inner join user_features on segment_members.user_id = user_features.user_id
    where 1 = 0

)

select
    segmentation,
    count(case when found is null then 1 end) as without_a_segment,
    count(case when expected is null then 1 end) as not_in_the_population,
    count(case when is_unknown then 1 end) as in_an_unknown_segment
from compared
where expected is null or found is null or is_unknown
group by segmentation
