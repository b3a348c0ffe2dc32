{#- Schemas are used as they are written (staging, core, runs, marts), without the target's schema in front:
    the same names are read by Python, by the views of other teams and by the documentation. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
