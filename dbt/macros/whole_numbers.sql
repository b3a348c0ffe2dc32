{#- The whole numbers of up to that many digits as a relation with the column n: with three, from 0 to 999. They have no
    type of their own: a day plus one of them is a day on every warehouse. -#}
{% macro whole_numbers(digits) -%}
    select
        {%- for place in range(digits) %}
        {{ '+ ' if not loop.first }}{{ 10 ** place }} * place_{{ place }}.digit
        {%- endfor %} as n
    from {{ _digits('place_0') }}
    {%- for place in range(1, digits) %}
    cross join {{ _digits('place_' ~ place) }}
    {%- endfor %}
{%- endmacro %}

{% macro _digits(name) -%}
    (
        {%- for digit in range(10) %}
        select {{ digit }} as digit{{ ' union all' if not loop.last }}
        {%- endfor %}
    ) as {{ name }}
{%- endmacro %}
