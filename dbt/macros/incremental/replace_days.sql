{#- Incremental strategy `replace_days`: the model returns every row of the days that it rebuilds, and one row without
    measures (purchase_count is null) for a day that has no rows any more. Delete those days and insert their rows in one
    transaction. dbt's delete+insert would keep the old rows of a day that became empty. -#}
{% macro get_incremental_replace_days_sql(arg_dict) -%}
    {%- set target_relation = arg_dict['target_relation'] -%}
    {%- set temp_relation = arg_dict['temp_relation'] -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    {{ in_one_transaction([
        "delete from " ~ target_relation
            ~ " where transaction_date in (select transaction_date from " ~ temp_relation ~ ")",
        "insert into " ~ target_relation ~ " (" ~ columns ~ ") select " ~ columns ~ " from " ~ temp_relation
            ~ " where purchase_count is not null",
    ]) }}
{%- endmacro %}

{#- What an incremental build of a daily fact must rebuild, asked of the warehouse before the model's own query so that
    its filters are literals: both warehouses skip storage by literals, neither by the result of a subquery.
    The '@' keeps dbt from reading the texts as times and losing fractions of a second.
    Returns a dict: `everything` (the source was replaced as a whole), `loaded_after` (rows loaded later are new),
    `since_day` (the look-back starts here), `first_day` (the earliest day to rebuild). -#}
{% macro days_to_rebuild(fact, source_model) -%}
    {%- set lookback = rule_number('lookback_days') | int -%}
    {%- set built -%}
        select
            '@' || cast(max(_loaded_at) as varchar) as loaded_after,
            '@' || cast(least(max(transaction_date), cast(max(_loaded_at) as date)) as varchar) as last_day
        from {{ fact }}
    {%- endset -%}
    {%- set row = run_query(built).rows[0] -%}
    {%- if row[0] is none -%}
        {{ return({'everything': true}) }}
    {%- endif -%}
    {%- set loaded_after = "cast('" ~ row[0][1:] ~ "' as timestamp)" -%}
    {%- set last_day = modules.datetime.date.fromisoformat(row[1][1:]) -%}
    {%- set since_day = last_day - modules.datetime.timedelta(days=lookback - 1) -%}
    {%- set changed -%}
        select
            (select min(_loaded_at) from {{ source_model }}) > {{ loaded_after }} as everything,
            '@' || cast(min(transaction_date) as varchar) as first_day
        from {{ source_model }}
        where _loaded_at > {{ loaded_after }}
    {%- endset -%}
    {%- set change = run_query(changed).rows[0] -%}
    {%- set first_changed = modules.datetime.date.fromisoformat(change[1][1:]) if change[1] else since_day -%}
    {{ return({
        'everything': change[0] or false,
        'loaded_after': loaded_after,
        'since_day': "cast('" ~ since_day.isoformat() ~ "' as date)",
        'first_day': "cast('" ~ ([since_day, first_changed] | min).isoformat() ~ "' as date)",
    }) }}
{%- endmacro %}
