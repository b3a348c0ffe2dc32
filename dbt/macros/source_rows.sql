{#- The rows of a table of the contract, in its columns: the raw table, or what the deployment's sources.yml makes of a table
    of its own. That query is written by the run from expressions which it has checked one by one; without a run (parsing,
    unit tests) it is the raw table. -#}
{% macro source_rows(table) -%}
    {%- set relation = source('raw', table) -%}
    {%- set query = of_run('source_rows', {}).get(table) -%}
    {{ return('(' ~ query ~ ')' if query else relation) }}
{%- endmacro %}
