{#- What became of people, as relations whose two runs can be paired (cells.sql): one row per run and person of an earlier date, with
    the segment of then. Which run each run looked back at is read from what it kept of that. -#}

{#- Of the members of the run that a run's movement looks back at: whether each stayed in the segment, moved to another or is gone, 1
    or 0. -#}
{% macro moved_people(people, person, segment, movement, condition='1 = 1') -%}
    select
        looked.run_key,
        before.{{ person }},
        before.{{ segment }} as segment,
        case when now.{{ segment }} = before.{{ segment }} then 1 else 0 end as stayed,
        case when now.{{ segment }} <> before.{{ segment }} then 1 else 0 end as moved,
        case when now.{{ segment }} is null then 1 else 0 end as gone,
        false as is_dormant
    from (
        select distinct
            run_key,
            previous_run_key
        from {{ movement }}
        where {{ condition }}
    ) as looked
    inner join (
        select * from {{ people }}
        where {{ condition }}
    ) as before
        on looked.previous_run_key = before.run_key
    left join (
        select * from {{ people }}
        where {{ condition }}
    ) as now
        on
            looked.run_key = now.run_key
            and before.{{ person }} = now.{{ person }}
{%- endmacro %}

{#- Which runs a run's backtest looks back at, with the first day of what is looked at and the day after it. -#}
{% macro backtest_windows(cells, condition='1 = 1') -%}
    select distinct
        run_key,
        backtest_run_key,
        backtest_as_of_date as window_start,
        backtest_as_of_date + 90 as window_end
    from {{ cells }}
    where {{ condition }}
{%- endmacro %}

{#- Of relations `members` (run_key, person, segment, prior_value), `windows` (backtest_windows) and `since` (run_key, user_id,
    later_value): whether each member was there again, 1 or 0, and by how much each moves the ratio of the later to the prior sum, of
    the own segment and of all: (later - ratio * prior) / prior sum, in billionths. A sum of no more than zero has no ratio. -#}
{% macro backtested_people(members, person, windows, since) -%}
    select
        run_key,
        {{ person }},
        segment,
        case when later_value > 0 then 1 else 0 end as retained,
        {%- for name, part in [('ratio', 'run_key, segment'), ('ratio_of_all', 'run_key')] %}
        case
            when sum(prior_value) over (partition by {{ part }}) > 0
                then cast(round(
                    greatest(-1e6, least(1e6,
                        (
                            later_value - prior_value
                            * cast(sum(later_value) over (partition by {{ part }}) as double)
                            / sum(prior_value) over (partition by {{ part }})
                        ) / sum(prior_value) over (partition by {{ part }})
                    )) * 1000000000, 0
                ) as bigint)
        end as {{ name }},
        {%- endfor %}
        false as is_dormant
    from (
        select
            windows.run_key,
            members.{{ person }},
            members.segment,
            members.prior_value,
            coalesce(since.later_value, 0) as later_value
        from {{ windows }} as windows
        inner join {{ members }} as members on windows.backtest_run_key = members.run_key
        left join {{ since }} as since
            on
                windows.run_key = since.run_key
                and members.{{ person }} = since.user_id
    ) as followed
{%- endmacro %}

{#- What members spent in the windows of each run's backtest, in cents. -#}
{% macro spend_in_windows(daily, windows) -%}
    select
        windows.run_key,
        daily.user_id,
        sum(daily.net_cents) as later_value
    from {{ windows }} as windows
    inner join {{ daily }} as daily
        on
            windows.window_start <= daily.transaction_date
            and windows.window_end > daily.transaction_date
    group by windows.run_key, daily.user_id
{%- endmacro %}

{#- Pair cells of each of the values of a relation of pairs of outcomes. -#}
{% macro pair_cells_of_outcomes(pairs, values, keys) -%}
    {%- for value in values %}
    {{ pair_cells(pairs, value, 'prior_' ~ value, 'later_' ~ value, keys, by_digits=true) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
