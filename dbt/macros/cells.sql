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

{#- The people of two runs side by side, one row each; nulls on the side of a run that does not have them. `relation` holds one row
    per run_key and person with `segment`, `is_dormant` and the columns of `values`, whole numbers; `keys` are constants, as SQL. -#}
{% macro people_of_two_runs(relation, person, values, earlier, keys) -%}
    select
        {%- for name, value in keys.items() %}
        cast({{ value }} as varchar) as {{ name }},
        {%- endfor %}
        {{ earlier.as_of_date }} as earlier_as_of_date,
        cast({{ earlier.run_key }} as varchar) as earlier_run_key,
        {%- for value in values %}
        before.{{ value }} as prior_{{ value }},
        after.{{ value }} as later_{{ value }},
        {%- endfor %}
        before.is_dormant as prior_dormant,
        after.is_dormant as later_dormant,
        before.segment as from_segment,
        after.segment as to_segment
    from (
        select * from {{ relation }}
        where run_key = {{ earlier.run_key }}
    ) as before
    full outer join (
        select * from {{ relation }}
        where run_key = {{ run_key() }}
    ) as after
        on before.{{ person }} = after.{{ person }}
{%- endmacro %}

{#- Pair cells of one number: sums, squares and products of its values in two months, by the segments of both. `prior` and `later`
    are null where the person is not counted. Who stays is binned by the difference, on which the change hangs; who moved by both. What
    is no amount but a person's part in a number is binned by the digits of both (`by_digits`): bins serve the tail, the sums are exact. -#}
{% macro pair_cells(pairs, metric, prior, later, keys, by_digits=false) -%}
    {%- set columns = keys + ['from_segment', 'to_segment', 'bin'] -%}
    select
        cast('{{ metric }}' as varchar) as metric,
        {{ columns | join(', ') }},
        cast(count(*) as bigint) as n,
        {{ power_sum('prior_value') }} as prior_s1,
        {{ power_sum('later_value') }} as later_s1,
        {{ power_sum('prior_value * prior_value') }} as prior_s2,
        {{ power_sum('later_value * later_value') }} as later_s2,
        {{ power_sum('prior_value * later_value') }} as cross_s2,
        cast(count(case when prior_value <> 0 then 1 end) as bigint) as prior_nonzero,
        cast(count(case when later_value <> 0 then 1 end) as bigint) as later_nonzero
    from (
        select
            {{ keys | join(', ') }},
            from_segment,
            to_segment,
            {{ as_wide_integer('prior_cents') }} as prior_value,
            {{ as_wide_integer('later_cents') }} as later_value,
            {% if by_digits -%}
            left({{ spend_bin('prior_cents') }}, 3) || ' ' || left({{ spend_bin('later_cents') }}, 3) as bin
            {%- else -%}
            case
                when from_segment <> to_segment then {{ spend_bin('prior_cents') }} || ' ' || {{ spend_bin('later_cents') }}
                else {{ spend_bin('(later_cents - prior_cents)') }}
            end as bin
            {%- endif %}
        from (
            select
                {{ keys | join(', ') }},
                case when {{ prior }} is not null then from_segment end as from_segment,
                case when {{ later }} is not null then to_segment end as to_segment,
                cast(coalesce({{ prior }}, 0) as bigint) as prior_cents,
                cast(coalesce({{ later }}, 0) as bigint) as later_cents
            from {{ pairs }}
            where {{ prior }} is not null or {{ later }} is not null
        ) as counted
    ) as binned
    group by {{ columns | join(', ') }}
{%- endmacro %}

{#- What the models of pair cells have in common: pairs without a row, with the types of a relation's columns. -#}
{% macro no_pairs(relation, values, keys) -%}
    select
        {%- for key in keys %}
        cast(null as varchar) as {{ key }},
        {%- endfor %}
        cast(null as date) as earlier_as_of_date,
        cast(null as varchar) as earlier_run_key,
        {%- for value in values %}
        {{ value }} as prior_{{ value }},
        {{ value }} as later_{{ value }},
        {%- endfor %}
        is_dormant as prior_dormant,
        is_dormant as later_dormant,
        segment as from_segment,
        segment as to_segment
    from {{ relation }}
    where 1 = 0
{%- endmacro %}

{#- The columns of pair cells in the contract of their models, the keys first. -#}
{% macro pair_cell_columns(keys) -%}
    {%- for key in keys %}
    {{ key }},
    {%- endfor %}
    metric,
    cast(from_segment as varchar) as from_segment,
    cast(to_segment as varchar) as to_segment,
    cast(bin as varchar) as bin,
    n,
    prior_s1,
    later_s1,
    prior_s2,
    later_s2,
    cross_s2,
    prior_nonzero,
    later_nonzero
{%- endmacro %}

{#- Pair cells of how many people there are. -#}
{% macro pair_cells_of_members(pairs, keys) -%}
    {{ pair_cells(
        pairs, 'members', '(case when from_segment is not null then 1 end)', '(case when to_segment is not null then 1 end)', keys
    ) }}
{%- endmacro %}

{#- The same, and of those who are dormant and who are not. -#}
{% macro pair_cells_of_people(pairs, keys) -%}
    {{ pair_cells_of_members(pairs, keys) }}
    {%- for metric, holds in [('active_members', 'not '), ('dormant_members', '')] %}

    union all

    {{ pair_cells(
        pairs, metric, '(case when ' ~ holds ~ 'prior_dormant then 1 end)', '(case when ' ~ holds ~ 'later_dormant then 1 end)', keys
    ) }}
    {%- endfor %}
{%- endmacro %}

{#- Pairs of this run's people and of each earlier run's that a family is compared with. -#}
{% macro pairs_with_earlier_runs(family, relation, user, values) -%}
    {% for which in ['previous', 'year_before'] -%}
    {%- set earlier = compared_run(family, which) -%}
    {%- if earlier -%}
    {{ people_of_two_runs(relation, user, values, earlier, {'comparison': "'" ~ which ~ "'"}) }}

    union all

    {% endif -%}
    {% endfor -%}
    {{ no_pairs(relation, values, ['comparison']) }}
{%- endmacro %}

{#- The cells of the people and of each of their values. -#}
{% macro pair_cells_of(pairs, people, values, keys) -%}
    {{ people }}
    {%- for value in values %}

    union all

    {{ pair_cells(pairs, value, 'prior_' ~ value, 'later_' ~ value, keys) }}
    {%- endfor %}
{%- endmacro %}

{#- The further pairs of a family whose conditions have changed: `relation` holds the people of this run and, in the segments that the
    present conditions decide, those of the earlier runs. -#}
{% macro pairs_under_the_same_rules(family, relation, user, values) -%}
    {%- for which in same_rules(family) %}
    union all

    {{ people_of_two_runs(relation, user, values, compared_run(family, which), {'comparison': "'" ~ which ~ "_same_rules'"}) }}
    {% endfor -%}
{%- endmacro %}
