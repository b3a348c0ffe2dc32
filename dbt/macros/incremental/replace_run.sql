{#- Incremental strategy `replace_run`: the table holds one partition of rows for each run. Delete this run's rows and
    insert its new ones in one transaction: a retry gives the same rows, and no other run's row is touched. -#}
{% macro get_incremental_replace_run_sql(arg_dict) -%}
    {%- do refuse_published_run() -%}
    {%- set target_relation = arg_dict['target_relation'] -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    {{ in_one_transaction([
        "delete from " ~ target_relation ~ " where run_key = " ~ run_key(),
        "insert into " ~ target_relation ~ " (" ~ columns ~ ") select " ~ columns ~ " from " ~ arg_dict['temp_relation'],
    ]) }}
{%- endmacro %}

{#- Raise when the ledger already names this run: what consumers have seen may not change under them. A rollback to the run
    must find the rows that were published. -#}
{% macro refuse_published_run() -%}
    {%- if execute and flags.WHICH in ['run', 'build', 'retry'] -%}
        {%- set key = run_key() -%}
        {%- set ledger = source('control', 'publications') -%}
        {%- set publications = run_query("select count(*) from " ~ ledger ~ " where run_key = " ~ key) -%}
        {%- if publications.columns[0].values()[0] | int > 0 -%}
            {{ exceptions.raise_compiler_error(
                "The run " ~ key ~ " is published and its rows may not change: start a new run for this as-of date instead."
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
