{#- Completed calendar months from a day to the as-of date. A month is complete on the same day of the month, or on the
    last day of a month that is too short to have it: from 31 January the first month is complete on 28 (29) February.
    Plain arithmetic, because the built-in functions of the warehouses disagree about the ends of months. -#}
{% macro completed_months(day) -%}
    {%- set as_of = _as_of_day() -%}
    {%- set is_last_of_month = as_of == _last_day_of_month(as_of) -%}
    (
        12 * ({{ as_of.year }} - extract(year from {{ day }}))
        + {{ as_of.month }} - extract(month from {{ day }})
        {%- if not is_last_of_month %}
        - case when extract(day from {{ day }}) > {{ as_of.day }} then 1 else 0 end
        {%- endif %}
    )
{%- endmacro %}
