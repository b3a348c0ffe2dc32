{#- Snowflake: dbt names the temporary relation of a model after the model alone. Two runs at once would overwrite each
    other's, so it carries the run key (a retry of the same run replaces what its predecessor left behind). -#}
{% macro snowflake__resolve_incremental_tmp_relation(tmp_relation) -%}
    {%- set suffix = of_run('run_key') | string or invocation_id.replace('-', '_') -%}
    {%- set identifier = tmp_relation.identifier ~ '_' ~ _checked_key('run_key', suffix) -%}
    {{ return(tmp_relation.incorporate(path={'identifier': identifier | upper})) }}
{%- endmacro %}
