{#- A daily fact of many rows, built in slices. A first build has almost as many groups as rows: DuckDB would hold all of them
    at once, and spill to disk beyond its memory limit. Days do not share groups, so DuckDB gets one statement for each
    stretch of days with about that many rows; other warehouses get one statement. The table is created and filled in one
    transaction either way. The model's day must be the business date of its timestamp, as staging makes it.

    The model marks the place of the condition by a comment that says what is sliced, because the stretches are only known
    when the table is built: a model is also compiled where its inputs do not exist yet. -#}

{#- Five million rows of a daily fact take about 1 GB while they are grouped, and dbt builds several facts at once: together they
    stay within the default memory limit of 3 GB. -#}
{% macro _rows_per_slice() -%}
    {{ return(env_var('TIDEMARK_DUCKDB_SLICE_ROWS', '5000000') | int) }}
{%- endmacro %}

{% macro slice_of_days(rebuild) -%}
    /* slice of days {{ tojson({'rows': rebuild.rows | string, 'at': rebuild.at}) }} */
{%- endmacro %}

{#- Called by dbt for every table that it creates, with the text of the model's query. -#}
{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
    {%- set mark = modules.re.search('/\\* slice of days (\\{.*?\\}) \\*/', compiled_code) if language == 'sql' -%}
    {%- if not mark or model.resource_type != 'model' -%}
        {{ return(dbt.duckdb__create_table_as(
            temporary, relation, compiled_code, language, partitioned_by=partitioned_by, sorted_by=sorted_by
        )) }}
    {%- endif -%}
    {%- set conditions = _slices_of_days(fromjson(mark[1])) -%}
    {{ dbt.duckdb__create_table_as(
        temporary, relation, compiled_code.replace(mark[0], conditions[0]), language,
        partitioned_by=partitioned_by, sorted_by=sorted_by
    ) }}
    {%- for condition in conditions[1:] %}
    insert into {{ relation.include(database=(not temporary), schema=(not temporary)) }} by name (
        {{ compiled_code.replace(mark[0], condition) }}
    );
    {%- endfor %}
{%- endmacro %}

{#- The conditions of the slices: whole days of the business zone, as many as hold about that many rows. The first slice has no
    beginning and the last one no end.

    A slice begins at an instant, because a condition on the local date would cost a second conversion of every row (a
    quarter of the whole build). Local midnight is the date minus the zone's offset, on days around which the offset stays
    the same; a day near a change of the clocks begins no slice. Rows are counted by their day in UTC, for the same reason. -#}
{% macro _slices_of_days(sliced) -%}
    {%- set zone = _business_timezone() -%}
    {%- set counted -%}
        with

        days as (

            select cast(cast({{ sliced.at }} as date) as timestamp) as utc_day, count(*) as row_count
            from {{ sliced.rows }}
            where {{ sliced.at }} is not null
            group by utc_day

        ),

        offsets as (

            select
                utc_day,
                row_count,
                {{ _offset_at("utc_day - interval '1 day'", zone) }} as offset_before,
                {{ _offset_at("utc_day + interval '2 days'", zone) }} as offset_after
            from days

        )

        select
            row_count,
            case when offset_before = offset_after then '@' || cast(utc_day - offset_before as varchar) end as midnight
        from offsets
        order by utc_day
    {%- endset -%}
    {%- set bounds, filled = [none], namespace(rows=0) -%}
    {%- for row_count, midnight in run_query(counted).rows -%}
        {%- if midnight and filled.rows > 0 and filled.rows + row_count > _rows_per_slice() -%}
            {%- do bounds.append("timestamp '" ~ midnight[1:] ~ "'") -%}
            {%- set filled.rows = 0 -%}
        {%- endif -%}
        {%- set filled.rows = filled.rows + row_count -%}
    {%- endfor -%}
    {%- set conditions = [] -%}
    {%- for first in bounds -%}
        {%- set limits = [] -%}
        {%- if not loop.first -%}
            {%- do limits.append(sliced.at ~ ' >= ' ~ first) -%}
        {%- endif -%}
        {%- if not loop.last -%}
            {%- do limits.append(sliced.at ~ ' < ' ~ bounds[loop.index]) -%}
        {%- endif -%}
        {%- do conditions.append('where ' ~ limits | join(' and ') if limits else '') -%}
    {%- endfor -%}
    {{ return(conditions) }}
{%- endmacro %}

{% macro _offset_at(timestamp_utc, zone) -%}
    timezone('{{ zone }}', timezone('UTC', {{ timestamp_utc }})) - ({{ timestamp_utc }})
{%- endmacro %}
