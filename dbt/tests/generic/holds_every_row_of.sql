{#- A returned row says that a fact and the rows it was built from differ in number: a row came late without being loaded
    again. A run with full_refresh repairs it. Rows that were loaded after the fact was built are not its
    to hold. `count_column` holds how many rows each row of the fact is made of. -#}
{% test holds_every_row_of(model, rows, count_column) %}

with

fact as (

    select
        sum({{ count_column }}) as row_count,
        max(_loaded_at) as _loaded_at
    from {{ model }}

),

single_rows as (

    select count(*) as row_count
    from {{ rows }}
    where _loaded_at <= (select fact._loaded_at from fact)

)

select
    fact.row_count as fact_rows,
    single_rows.row_count as single_rows
from fact
cross join single_rows
where coalesce(fact.row_count, 0) <> single_rows.row_count

{% endtest %}
