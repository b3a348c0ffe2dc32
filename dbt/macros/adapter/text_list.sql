{#- A JSON list of texts as the warehouse's own list, so that consumers can ask for its members. -#}
{% macro text_list(json_text) -%}
    {{ return(adapter.dispatch('text_list', 'tidemark')(json_text)) }}
{%- endmacro %}

{% macro duckdb__text_list(json_text) -%}
    from_json({{ json_text }}, '["varchar"]')
{%- endmacro %}

{% macro snowflake__text_list(json_text) -%}
    cast(parse_json({{ json_text }}) as array)
{%- endmacro %}
