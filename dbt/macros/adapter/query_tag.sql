{#- Snowflake keeps this beside every statement of a model, seed or test, so that cost can be attributed. dbt calls it before
    each of them; the tag of the connection (from the profile) holds for what is asked in between.

    The other parameters are what the project's SQL takes for granted, whatever the account or the user has set. -#}
{% macro snowflake__set_query_tag() -%}
    {%- set tag = tojson({
        'dag': env_var('AIRFLOW_CTX_DAG_ID', 'shell'),
        'run_key': of_run('run_key', 'none') | string,
        'task': 'models.' ~ model.name,
        'family': _family_of(model),
    }) -%}
    {%- do run_query(
        "alter session set query_tag = '" ~ tag.replace('\\', '\\\\').replace("'", "''")
        ~ "' timezone = 'UTC' timestamp_type_mapping = 'TIMESTAMP_NTZ' week_start = 0"
    ) -%}
    {{ return(tag) }}
{%- endmacro %}

{#- The next one sets its own; to set the former back would cost a statement for each model. -#}
{% macro snowflake__unset_query_tag(original_query_tag) -%}
    {{ return('') }}
{%- endmacro %}

{#- A model's folder, or that of its views; `all` for what every family shares. A test belongs to the file that declares it. -#}
{% macro _family_of(node) -%}
    {%- set path = node.fqn[1:] -%}
    {%- set folder = path[1] if path[0] == 'marts' and path | length > 1 else path[0] -%}
    {{ return('all' if folder in ['staging', 'core', 'marts', 'publication', 'macros', node.name] else folder) }}
{%- endmacro %}
