{#- Schemas are used as they are written (staging, core, runs, marts), without the target's schema in front:
    the same names are read by Python, by the views of other teams and by the documentation. Only a run that sees what was known
    at an earlier moment builds what all runs share (include/tidemark/warehouse/own_schemas.py) in schemas of its own. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set schema = (custom_schema_name or target.schema) | trim -%}
    {{ schema ~ (_checked_suffix(var('schema_suffix', '')) if schema in ['staging', 'core', 'marts'] else '') }}
{%- endmacro %}

{% macro _checked_suffix(text) -%}
    {%- if text and not modules.re.fullmatch('(_[0-9a-z]+)+', text) -%}
        {{ exceptions.raise_compiler_error("The var schema_suffix must be made of small letters, digits and underscores; a run says it.") }}
    {%- endif -%}
    {{ return(text) }}
{%- endmacro %}
