{#- A returned row says that a staging model and its source differ in the number of their rows: staging names, casts and fills
    gaps, and never drops or doubles a row. The reconciliations count from staging on, so a loss before it is seen here only.
    `table` is the name of the source. -#}
{% test shows_each_source_row_once(model, table) %}

with

staging as (

    select count(*) as row_count from {{ model }}

),

source_rows as (

    select count(*) as row_count from {{ source_rows(table) }}

)

select
    staging.row_count as staging_rows,
    source_rows.row_count as source_rows
from staging
cross join source_rows
where staging.row_count <> source_rows.row_count

{% endtest %}
