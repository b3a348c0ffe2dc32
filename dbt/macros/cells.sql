{#- Moment cells: integer power sums of an amount in cents, one row for each bin of similar amounts. The statistics
    resample these few hundred rows instead of the customers, and the sums lose nothing. -#}

{#- The bin of an amount: its sign, its number of digits and its two leading digits, such as '+06:12' for 123456; '0' for zero. -#}
{% macro spend_bin(cents) -%}
    case
        when {{ cents }} = 0 then '0'
        else
            case when {{ cents }} < 0 then '-' else '+' end
            || lpad(cast(length(cast(abs({{ cents }}) as varchar)) as varchar), 2, '0')
            || ':' || left(cast(abs({{ cents }}) as varchar), 2)
    end
{%- endmacro %}

{#- The cells of one amount of a relation. `keys` are grouped by, before the bin. -#}
{% macro cells(relation, metric, cents, keys) -%}
    {%- set value = as_wide_integer(cents) -%}
    select
        cast('{{ metric }}' as varchar) as metric,
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {{ spend_bin(cents) }} as bin,
        count(*) as n,
        {{ power_sum(value) }} as s1,
        {{ power_sum(value ~ ' * ' ~ value) }} as s2,
        {{ power_sum(value ~ ' * ' ~ value ~ ' * ' ~ value) }} as s3
    from {{ relation }}
    group by {{ keys | join(', ') }}, bin
{%- endmacro %}

{#- Exact integers to multiply and to sum. The sum of cubes reaches 37 digits for a million customers of 200 million dollars
    each; beyond it the warehouse raises an error, it does not round. One digit short of the widest decimal, because the
    Snowflake emulator of the tests takes that one for a 64-bit integer. -#}
{% macro as_wide_integer(expression) -%}
    cast({{ expression }} as decimal(37, 0))
{%- endmacro %}

{% macro power_sum(expression) -%}
    cast(sum({{ expression }}) as decimal(37, 0))
{%- endmacro %}
