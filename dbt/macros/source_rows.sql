{#- The rows of a table of the contract, in its columns: the raw table, or what the deployment's sources.yml makes of a table
    of its own. That query is written by the run from expressions which it has checked one by one; without a run (parsing,
    unit tests) it is the raw table. -#}
{% macro source_rows(table) -%}
    {%- set relation = source('raw', table) -%}
    {%- set query = of_run('source_rows', {}).get(table) -%}
    {{ return('(' ~ query ~ ')' if query else relation) }}
{%- endmacro %}

{#- Whether a table of the contract has rows in this run. One that every family can do without may be nowhere or empty: the run then
    says so, and what a model makes of it is null. -#}
{% macro has_rows_of(table) -%}
    {{ return(table not in of_run('lacking_sources', [])) }}
{%- endmacro %}
