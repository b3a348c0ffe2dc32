{#- The views that consumers read. Both name the columns of the view's own contract, so that a column which is added to a
    runs table is published when somebody describes it there, not by accident. -#}

{#- The rows of every published run: of each as-of date, those of the run that the ledger names. `computed` gives the SQL of
    columns that consumers see in another form than the run's table holds. -#}
{% macro published_rows(relation, computed={}) -%}
    with

    candidates as (

        select * from {{ relation }}

    ),

    published_runs as (

        select * from {{ ref('published_runs') }}

    )

    select
        {{ _contract_columns('candidates', computed) }}
    from candidates
    inner join published_runs
        on
            candidates.as_of_date = published_runs.as_of_date
            and candidates.run_key = published_runs.run_key
{%- endmacro %}

{#- The rows of the newest published as-of date. -#}
{% macro newest_published_rows(relation) -%}
    with

    published as (

        select * from {{ relation }}

    ),

    newest as (

        select max(as_of_date) as as_of_date from {{ ref('published_runs') }}

    )

    select
        {{ _contract_columns('published') }}
    from published
    inner join newest on published.as_of_date = newest.as_of_date
{%- endmacro %}

{% macro _contract_columns(source_name, computed={}) -%}
    {%- for column in model.columns %}
        {{- computed[column] ~ ' as ' ~ column if column in computed else source_name ~ '.' ~ column }}
        {{- ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
