{#- Several statements as one transaction. dbt-duckdb has opened one by itself when a materialization's main statement
    runs; dbt-snowflake commits each statement of its own accord unless told otherwise. -#}
{% macro in_one_transaction(statements) -%}
    {{ return(adapter.dispatch('in_one_transaction', 'tidemark')(statements)) }}
{%- endmacro %}

{% macro default__in_one_transaction(statements) -%}
    {{ statements | join(';\n') }};
{%- endmacro %}

{% macro snowflake__in_one_transaction(statements) -%}
    begin;
    {{ statements | join(';\n') }};
    commit;
{%- endmacro %}
