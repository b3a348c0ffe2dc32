{#- The identity of a run: which run writes these rows, and as of which date.

    The values go into SQL as literals, so each is checked here, once. Nothing is looked at while dbt only parses: a manifest
    needs no run, and what dbt has parsed holds for every run that has the same rules. -#}

{#- A value of the run. A run hands its values over in one environment variable, because dbt parses the whole project anew
    whenever its --vars differ from the last ones (dbt-core issue 6323). A unit test, or a person at a shell, gives them as vars. -#}
{% macro of_run(name, default='') -%}
    {%- if not execute -%}
        {{ return(default) }}
    {%- endif -%}
    {{ return(var(name, fromjson(env_var('TIDEMARK_RUN', '{}')).get(name, default))) }}
{%- endmacro %}

{#- The as-of date as a date object (exclusive: the run sees the days before it). -#}
{% macro _as_of_day() -%}
    {%- if not execute -%}
        {{ return(modules.datetime.date(1970, 1, 1)) }}
    {%- endif -%}
    {{ return(_checked_day('as_of_date', of_run('as_of_date') | string)) }}
{%- endmacro %}

{% macro _checked_day(name, text) -%}
    {%- set complaint = "The var " ~ name ~ " must be an existing date written YYYY-MM-DD (found '" ~ text
        ~ "'): a run says it in the environment variable TIDEMARK_RUN, a person with --vars." -%}
    {%- if not modules.re.fullmatch('[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', text) -%}
        {{ exceptions.raise_compiler_error(complaint) }}
    {%- endif -%}
    {%- set year, month, day = text[:4] | int, text[5:7] | int, text[8:] | int -%}
    {%- set last_of_month = _last_day_of_month(modules.datetime.date(year, month, 1)) -%}
    {%- if day > last_of_month.day -%}
        {{ exceptions.raise_compiler_error(complaint) }}
    {%- endif -%}
    {{ return(modules.datetime.date(year, month, day)) }}
{%- endmacro %}

{% macro _last_day_of_month(day) -%}
    {%- set in_next_month = day.replace(day=1) + modules.datetime.timedelta(days=31) -%}
    {{ return(in_next_month.replace(day=1) - modules.datetime.timedelta(days=1)) }}
{%- endmacro %}

{% macro _checked_key(name, text) -%}
    {%- if not modules.re.fullmatch('[0-9A-Za-z_]+', text) -%}
        {{ exceptions.raise_compiler_error(
            "The var " ~ name ~ " must be made of letters, digits and underscores (found '" ~ text
            ~ "'): a run says it in the environment variable TIDEMARK_RUN, a person with --vars."
        ) }}
    {%- endif -%}
    {{ return(text) }}
{%- endmacro %}

{#- SQL: the as-of date. -#}
{% macro as_of_date() -%}
    cast('{{ _as_of_day().isoformat() }}' as date)
{%- endmacro %}

{#- SQL: the key of this run. -#}
{% macro run_key() -%}
    '{{ _checked_key('run_key', of_run('run_key') | string) if execute else 'none' }}'
{%- endmacro %}

{#- SQL: the first day of a 90-day window before the as-of date: 1 is the current window, 2 the one before it.
    90 is fixed, not a var, because the columns carry it in their names. -#}
{% macro window_start(windows_back) -%}
    cast('{{ (_as_of_day() - modules.datetime.timedelta(days=90 * windows_back)).isoformat() }}' as date)
{%- endmacro %}

{#- An earlier run that this run looks back at: 'previous' (the last published month) or 'backtest' (the published month
    at least 90 days ago). None when there is none; else a dict of its key, its as-of date and the end of the 90 days
    after that date, all as SQL. -#}
{% macro earlier_run(which) -%}
    {{ return(_earlier_run(which, of_run(which ~ '_run_key'), of_run(which ~ '_as_of_date'))) }}
{%- endmacro %}

{#- An earlier run that a family's numbers are compared with: 'previous' or 'year_before' (the published run of the same day a
    year before). As of earlier_run. -#}
{% macro compared_run(family, which) -%}
    {%- set runs = of_run('earlier_runs', {}).get(family, {}) -%}
    {{ return(_earlier_run(which, runs.get(which ~ '_run_key'), runs.get(which ~ '_as_of_date'))) }}
{%- endmacro %}

{#- Of these, the runs ('previous', 'year_before') whose people are put into the segments of the present conditions, too, because the
    conditions have changed since and what they look at has not. -#}
{% macro same_rules(family) -%}
    {{ return(of_run('earlier_runs', {}).get(family, {}).get('same_rules', [])) }}
{%- endmacro %}

{% macro _earlier_run(which, key, day_text) -%}
    {%- set key, day_text = (key or '') | string, (day_text or '') | string -%}
    {%- if not execute or (key == '' and day_text == '') -%}
        {{ return(none) }}
    {%- endif -%}
    {%- if key == '' or day_text == '' -%}
        {{ exceptions.raise_compiler_error(
            "The vars " ~ which ~ "_run_key and " ~ which ~ "_as_of_date name one earlier run together: "
            ~ "pass both, or neither when there is no such run."
        ) }}
    {%- endif -%}
    {%- set day = _checked_day(which ~ '_as_of_date', day_text) -%}
    {%- set window_end = day + modules.datetime.timedelta(days=90) -%}
    {{ return({
        'run_key': "'" ~ _checked_key(which ~ '_run_key', key) ~ "'",
        'as_of_date': "cast('" ~ day.isoformat() ~ "' as date)",
        'window_end': "cast('" ~ window_end.isoformat() ~ "' as date)",
        'window_is_complete': window_end <= _as_of_day(),
    }) }}
{%- endmacro %}
