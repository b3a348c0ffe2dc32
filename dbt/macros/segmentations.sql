{#- The declared segmentations of the run. Each is checked and its conditions are made into SQL before dbt starts (see
    include/tidemark/segmentations): dicts of `name`, `population` (customers or users), `segments` (dicts of `name` and
    `condition`, none for the last), `means` (dicts of `feature` and `scale`), `backtest` (spend, active_days or none), and the
    keys and dates of the earlier runs that it is compared with; `same_rules` as of the macro of that name. -#}
{% macro segmentations() -%}
    {{ return(of_run('segmentations', [])) }}
{%- endmacro %}

{#- Whether the run computes a family, whose tables the warehouse may not even have otherwise. Asked also where dbt parses: a model of
    segmentations hangs on the run's own families only, or dbt would run the tests of what it reads of others. -#}
{% macro computes(family) -%}
    {{ return(family in var('families', ['customer_segments', 'engagement', 'planners', 'early_engagement', 'fee_tiers'])) }}
{%- endmacro %}

{#- This run's rows of a family's model; none where the run does not compute the family. -#}
{% macro rows_of_family(family, name, condition='1 = 1') -%}
    {%- if computes(family) -%}
    select * from {{ ref(name) }}
    where
        run_key = {{ run_key() }}
        and {{ condition }}
    {%- else -%}
    select cast(null as varchar) as user_id
    where 1 = 0
    {%- endif -%}
{%- endmacro %}

{#- A feature that a family computes; null where the run does not compute the family. -#}
{% macro feature(family, expression, data_type) -%}
    cast({{ expression if computes(family) else 'null' }} as {{ data_type }})
{%- endmacro %}

{#- A text as SQL. -#}
{% macro segment_text(value) -%}
    {%- if not modules.re.fullmatch('[^\\\\\\x00-\\x1f]+', value) -%}
        {{ exceptions.raise_compiler_error("A segmentation holds a backslash or a control character ('" ~ value ~ "').") }}
    {%- endif -%}
    '{{ value.replace("'", "''") }}'
{%- endmacro %}

{#- The segment that a user belongs to: the first whose condition holds, else the last. -#}
{% macro decided_segment(segmentation) -%}
    case
        {%- for segment in segmentation.segments[:-1] %}
        when {{ segment.condition }} then {{ segment_text(segment.name) }}
        {%- endfor %}
        {#- A case without a branch is no SQL: a segmentation may have one segment only. #}
        when 1 = 1 then {{ segment_text(segmentation.segments[-1].name) }}
    end
{%- endmacro %}

{#- Whether somebody of a population is dormant. Who buys is dormant without a purchase in both windows; who is looked at as a user,
    without a purchase and without activity, as far as the run knows of either. -#}
{% macro is_dormant_in(population) -%}
    {%- set no_purchase = 'coalesce(purchases_last_180_days, 0) = 0' -%}
    {%- set no_activity = 'coalesce(days_since_last_activity, 181) > 180' -%}
    {%- set known = [] -%}
    {%- do known.append(no_purchase) if computes('customer_segments') -%}
    {%- do known.append(no_activity) if computes('engagement') -%}
    {{ return({'customers': no_purchase, 'users': known | join(' and ') or '1 = 0'}[population]) }}
{%- endmacro %}

{#- Whether somebody belongs to a population. -#}
{% macro is_in(population) -%}
    {{ return('is_customer' if population == 'customers' else 'is_user') }}
{%- endmacro %}

{#- The earlier run that a segmentation looks back at: 'previous', 'year_before' or 'backtest'; see earlier_run. -#}
{% macro earlier_run_of(segmentation, which) -%}
    {{ return(_earlier_run(which, segmentation[which ~ '_run_key'], segmentation[which ~ '_as_of_date'])) }}
{%- endmacro %}

{#- Where the members of an earlier run are now: pairs of segments with the number of people, none without such a run.
    `condition` picks rows of the relation. -#}
{% macro moves(relation, person, segment, one, previous, condition='1 = 1') -%}
    select
        coalesce(before.{{ segment }}, 'New {{ one }}') as from_segment,
        coalesce(now.{{ segment }}, 'No longer a {{ one }}') as to_segment,
        count(*) as members
    from (
        select
            {{ person }},
            {{ segment }}
        from {{ relation }}
        where
            {{ 'run_key = ' ~ previous.run_key if previous else '1 = 0' }}
            and {{ condition }}
    ) as before
    full outer join (
        select
            {{ person }},
            {{ segment }}
        from {{ relation }}
        where
            {{ 'run_key = ' ~ run_key() if previous else '1 = 0' }}
            and {{ condition }}
    ) as now
        on before.{{ person }} = now.{{ person }}
    group by before.{{ segment }}, now.{{ segment }}
{%- endmacro %}

{#- What customers spent in the 90 days from an earlier run's as-of date on, in cents. -#}
{% macro spend_since(daily, earlier) -%}
    select
        user_id,
        sum(net_cents) as later_value
    from {{ daily }}
    where
        transaction_date >= {{ earlier.as_of_date }}
        and transaction_date < {{ earlier.window_end }}
    group by user_id
{%- endmacro %}

{#- Moment cells of the pairs `prior_value` and `later_value` of a relation, by the given columns. -#}
{% macro paired_cells(pairs, columns) -%}
    select
        {{ columns | join(', ') }},
        bin,
        cast(count(*) as bigint) as n,
        {{ power_sum('prior_value') }} as prior_s1,
        {{ power_sum('later_value') }} as later_s1,
        {{ power_sum('prior_value * prior_value') }} as prior_s2,
        {{ power_sum('later_value * later_value') }} as later_s2,
        {{ power_sum('prior_value * later_value') }} as cross_s2
    from (
        select
            {{ columns | join(', ') }},
            cast({{ spend_bin('prior_value') }} || ' ' || {{ spend_bin('later_value') }} as varchar) as bin,
            {{ as_wide_integer('prior_value') }} as prior_value,
            {{ as_wide_integer('later_value') }} as later_value
        from {{ pairs }}
    ) as binned
    group by {{ columns | join(', ') }}, bin
{%- endmacro %}
