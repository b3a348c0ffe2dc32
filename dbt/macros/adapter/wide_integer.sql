{#- An integer of 38 digits to multiply with. DuckDB's decimals refuse a product wider than 38 digits by its declared
    width, whatever the value; its hugeint does not. -#}
{% macro as_wide_integer(expression) -%}
    {{ return(adapter.dispatch('as_wide_integer', 'tidemark')(expression)) }}
{%- endmacro %}

{% macro duckdb__as_wide_integer(expression) -%}
    cast({{ expression }} as hugeint)
{%- endmacro %}

{% macro snowflake__as_wide_integer(expression) -%}
    cast({{ expression }} as number(38, 0))
{%- endmacro %}
