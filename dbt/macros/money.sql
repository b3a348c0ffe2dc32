{#- Sums are kept in integer cents: floating sums depend on the order of the rows. Dollars are only for the reader. -#}
{% macro dollars(cents) -%}
    cast(cast({{ cents }} as decimal(18, 0)) * 0.01 as decimal(18, 2))
{%- endmacro %}

{#- A quotient of two integers in dollars, rounded to the cent, halves away from zero. Halves are exact in a double, so both
    warehouses round the same ones. -#}
{% macro dollars_per(cents, count) -%}
    {{ dollars("round(cast(" ~ cents ~ " as double) / " ~ count ~ ", 0)") }}
{%- endmacro %}

{#- 100 * part / whole, null when the whole is 0 or less. Multiplied first and divided once, so that a share of exactly
    25 % is exactly 25.0 and a threshold includes it. -#}
{% macro percent(part, whole) -%}
    case when {{ whole }} > 0 then cast(100 * ({{ part }}) as double) / cast({{ whole }} as double) end
{%- endmacro %}

{#- The mean of numbers that are no integers, each rounded to a billionth: a sum of doubles depends on the order in which the
    threads come to the rows, so the same run would not give the same mean twice. -#}
{% macro exact_mean(value) -%}
    cast(sum(cast(round({{ value }}, 9) as decimal(38, 9))) as double) / nullif(count({{ value }}), 0)
{%- endmacro %}
