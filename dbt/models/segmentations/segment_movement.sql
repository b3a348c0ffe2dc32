with

segment_members as (

    select * from {{ ref('segment_members') }}

),

movement as (

    {% for segmentation in segmentations() -%}
    {%- set previous = earlier_run_of(segmentation, 'previous') -%}
    {%- if previous -%}
    select
        '{{ segmentation.name }}' as segmentation,
        {{ previous.as_of_date }} as previous_as_of_date,
        {{ previous.run_key }} as previous_run_key,
        from_segment,
        to_segment,
        members
    from (
        {{ moves(
            'segment_members', 'user_id', 'segment', segmentation.population[:-1], previous,
            "segmentation = '" ~ segmentation.name ~ "'"
        ) | indent(8) }}
    ) as moved_{{ loop.index }}

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
