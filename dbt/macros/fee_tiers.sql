{#- Every day of the relation fee_weeks with the number of its week: weeks are then joined by equality, not by range. -#}
{% macro days_of_fee_weeks() -%}
    select
        fee_weeks.week_number,
        fee_weeks.week_start_date + days.n as fee_day
    from fee_weeks
    inner join ({% for day in range(7) %}select {{ day }} as n{{ ' union all ' if not loop.last }}{% endfor %}) as days
        on fee_weeks.week_start_date + days.n <= fee_weeks.week_end_date
{%- endmacro %}

{% macro trade_size_basis() -%}
    {{ return(rule_choice('trade_size_basis', ['period_volume', 'median_swap'])) }}
{%- endmacro %}

{#- A rule that lists numbers, checked. -#}
{% macro rule_numbers(name) -%}
    {%- set values = var(name) -%}
    {%- if values is string or values is mapping or values is not iterable or not values -%}
        {{ exceptions.raise_compiler_error(
            "The rule " ~ name ~ " must be a list of numbers (found '" ~ values ~ "'): correct it in the rules file."
        ) }}
    {%- endif -%}
    {%- for value in values -%}
        {%- if value is not number or value is boolean -%}
            {{ exceptions.raise_compiler_error(
                "The rule " ~ name ~ " must list numbers only (found '" ~ value ~ "'): correct it in the rules file."
            ) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(values) }}
{%- endmacro %}

{#- The last week of a cohort that anything is said about. -#}
{% macro last_cohort_week() -%}
    {%- set horizons = rule_numbers('fee_ltv_horizon_weeks') -%}
    {{ return([rule_number('fee_retention_weeks') | int, (horizons | max | int) - 1] | max) }}
{%- endmacro %}

{#- How many fee weeks after a week "in it or later" looks at: those that hold the rule's days. -#}
{% macro follow_up_weeks() -%}
    {{ return((rule_days('follow_up_days') + 6) // 7) }}
{%- endmacro %}

{#- The fees of each cohort week as a column of its own. -#}
{% macro fees_of_weeks(weeks) -%}
    {%- for week in range(weeks) %}
    sum(case when k = {{ week }} then fee_cents else 0 end) as fee_cents_{{ week }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- One row per horizon and discount rate with what a dollar of each week after the first is worth in the first:
    (1 + rate) ^ (-week / 52.18), and 0 beyond the horizon. The factors are written out: the power functions of two warehouses
    may differ in the last digit, and a literal does not. -#}
{% macro discount_grid(horizons, rates) -%}
    {%- for horizon in horizons -%}
    {%- set outer = loop -%}
    {%- for rate in rates %}
    select
        {{ horizon }} as horizon_weeks,
        cast({{ rate }} as double) as discount_rate_pct,
        {%- for week in range(horizons | max | int) %}
        cast({{ (1 + rate / 100) ** (-week * 7 / 365.25) if week < horizon else 0 }} as double) as factor_{{ week }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    {{ 'union all' if not (outer.last and loop.last) }}
    {%- endfor -%}
    {%- endfor %}
{%- endmacro %}

{#- The sum of the fees of each week times its factor. -#}
{% macro discounted_fees(users, grid, weeks) -%}
    {%- for week in range(weeks) -%}
    {{ ' + ' if not loop.first }}cast({{ users }}.fee_cents_{{ week }} as double) * {{ grid }}.factor_{{ week }}
    {%- endfor -%}
{%- endmacro %}
