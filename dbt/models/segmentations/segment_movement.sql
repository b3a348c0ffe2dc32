with

segment_members as (

    select * from {{ ref('segment_members') }}

),

movement as (

    {% for segmentation in segmentations() -%}
    {%- set previous = earlier_run_of(segmentation, 'previous') -%}
    {%- set newcomer = 'New customer' if segmentation.population == 'customers' else 'New user' -%}
    {%- set gone = 'No longer a customer' if segmentation.population == 'customers' else 'No longer a user' -%}
    {%- if previous -%}
    select
        '{{ segmentation.name }}' as segmentation,
        {{ previous.as_of_date }} as previous_as_of_date,
        {{ previous.run_key }} as previous_run_key,
        coalesce(before.segment, '{{ newcomer }}') as from_segment,
        coalesce(now.segment, '{{ gone }}') as to_segment,
        count(*) as members
    from (
        select * from segment_members
        where run_key = {{ previous.run_key }} and segmentation = '{{ segmentation.name }}'
    ) as before
    full outer join (
        select * from segment_members
        where run_key = {{ run_key() }} and segmentation = '{{ segmentation.name }}'
    ) as now
        on before.user_id = now.user_id
    group by before.segment, now.segment

    union all

    {% endif -%}
    {% endfor -%}
    select
        cast(null as varchar) as segmentation,
        cast(null as date) as previous_as_of_date,
        cast(null as varchar) as previous_run_key,
        cast(null as varchar) as from_segment,
        cast(null as varchar) as to_segment,
        0 as members
    from segment_members
    where 1 = 0

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    cast(segmentation as varchar) as segmentation,
    previous_as_of_date,
    cast(previous_run_key as varchar) as previous_run_key,
    cast(from_segment as varchar) as from_segment,
    cast(to_segment as varchar) as to_segment,
    cast(members as bigint) as members
from movement
