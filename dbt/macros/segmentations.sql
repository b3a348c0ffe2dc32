{#- The declared segmentations of the run. Each is checked and its conditions are made into SQL before dbt starts (see
    include/tidemark/segmentations): dicts of `name`, `population` (customers or users), `segments` (dicts of `name` and
    `condition`, none for the last), `means` (dicts of `feature` and `scale`), `backtest` (spend, active_days or none), and the
    keys and dates of the earlier runs that it is compared with. -#}
{% macro segmentations() -%}
    {{ return(var('segmentations', []) if execute else []) }}
{%- endmacro %}

{#- Whether the run computes a family, whose tables the warehouse may not even have otherwise. Asked also where dbt parses: a model of
    segmentations hangs on the run's own families only, or dbt would run the tests of what it reads of others. -#}
{% macro computes(family) -%}
    {{ return(family in var('families', ['customer_segments', 'engagement', 'planners', 'early_engagement', 'fee_tiers'])) }}
{%- endmacro %}

{#- This run's rows of a family's model; none where the run does not compute the family. -#}
{% macro rows_of_family(family, name, condition='1 = 1') -%}
    {%- if computes(family) -%}
    select * from {{ ref(name) }}
    where
        run_key = {{ run_key() }}
        and {{ condition }}
    {%- else -%}
    select cast(null as varchar) as user_id
    where 1 = 0
    {%- endif -%}
{%- endmacro %}

{#- A feature that a family computes; null where the run does not compute the family. -#}
{% macro feature(family, expression, data_type) -%}
    cast({{ expression if computes(family) else 'null' }} as {{ data_type }})
{%- endmacro %}

{#- A text as SQL. -#}
{% macro segment_text(value) -%}
    {%- if not modules.re.fullmatch('[^\\\\\\x00-\\x1f]+', value) -%}
        {{ exceptions.raise_compiler_error("A segmentation holds a backslash or a control character ('" ~ value ~ "').") }}
    {%- endif -%}
    '{{ value.replace("'", "''") }}'
{%- endmacro %}

{#- The segment that a user belongs to: the first whose condition holds, else the last. -#}
{% macro decided_segment(segmentation) -%}
    case
        {%- for segment in segmentation.segments[:-1] %}
        when {{ segment.condition }} then {{ segment_text(segment.name) }}
        {%- endfor %}
        {#- A case without a branch is no SQL: a segmentation may have one segment only. #}
        when 1 = 1 then {{ segment_text(segmentation.segments[-1].name) }}
    end
{%- endmacro %}

{#- The earlier run that a segmentation looks back at: 'previous' or 'backtest'; see earlier_run. -#}
{% macro earlier_run_of(segmentation, which) -%}
    {{ return(_earlier_run(which, segmentation[which ~ '_run_key'], segmentation[which ~ '_as_of_date'])) }}
{%- endmacro %}
