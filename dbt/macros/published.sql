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
        {{ _columns('candidates', model.columns, computed) }}
    from candidates
    inner join published_runs
        on
            candidates.as_of_date = published_runs.as_of_date
            and candidates.run_key = published_runs.run_key
{%- endmacro %}

{#- The rows of the newest as-of date that the published rows hold. It is asked of the rows and not of the ledger: a month may
    be published without the family. `by` gives columns whose values have a newest date each; `columns` stands for a contract
    where the view can have none. -#}
{% macro newest_published_rows(relation, by=[], columns=none) -%}
    with

    published as (

        select * from {{ relation }}

    ),

    newest as (

        select
            {% for column in by -%}
            {{ column }},
            {% endfor -%}
            max(as_of_date) as as_of_date
        from published
        {%- if by %}
        group by {{ by | join(', ') }}
        {%- endif %}

    )

    select
        {{ _columns('published', columns or model.columns) }}
    from published
    inner join newest
        on
            published.as_of_date = newest.as_of_date
            {%- for column in by %}
            and published.{{ column }} = newest.{{ column }}
            {%- endfor %}
{%- endmacro %}

{% macro _columns(source_name, names, computed={}) -%}
    {%- for column in names %}
        {{- computed[column] ~ ' as ' ~ column if column in computed else source_name ~ '.' ~ column }}
        {{- ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
