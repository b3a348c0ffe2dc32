{#- A test's `where` sees only the rows of this run when it says "run_key = __run_key__": a run's tests judge its candidate,
    and the published months of the same table cost nothing. The key is known only when the test runs, so it can't stand in
    the yml. -#}
{% macro default__get_where_subquery(relation) -%}
    {%- set where = config.get('where', '') -%}
    {%- if not where -%}
        {{ return(relation) }}
    {%- endif -%}
    {%- if '__run_key__' in where -%}
        {%- set where = where | replace('__run_key__', run_key()) -%}
    {%- endif -%}
    {{ return("(select * from " ~ relation ~ " where " ~ where ~ ") as candidate") }}
{%- endmacro %}
