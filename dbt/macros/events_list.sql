{#- The one list of events of the family early_engagement, from the rule early_engagement_events: names as they are in the
    data. Every column and every statistic of an event follows from it.

    Returns dicts of `name`, `literal` (the name as SQL) and `slug` (the name as part of a column's name: lower case, and one
    underscore for whatever is no letter or digit). -#}
{% macro events_list() -%}
    {%- set events = [] -%}
    {%- for name in var('early_engagement_events') -%}
        {%- set literal = _event_literal('early_engagement_events', name) -%}
        {%- set slug = modules.re.sub('[^a-z0-9]+', '_', name.lower()).strip('_') -%}
        {%- if not modules.re.fullmatch('[a-z][a-z0-9_]*', slug) or slug in events | map(attribute='slug') -%}
            {{ exceptions.raise_compiler_error(
                "The rule early_engagement_events has the event '" ~ name ~ "', whose column would be called '" ~ slug
                ~ "': the name must start with a letter, and give a column that no other event of the list has."
            ) }}
        {%- endif -%}
        {%- do events.append({'name': name, 'literal': literal, 'slug': slug}) -%}
    {%- endfor -%}
    {{ return(events) }}
{%- endmacro %}

{#- The columns of one event in the first seven days. -#}
{% macro event_features(event) -%}
    {{ return([
        'has_' ~ event.slug ~ '_f7d',
        'cnt_days_' ~ event.slug ~ '_f7d',
        'cnt_' ~ event.slug ~ '_events_f7d',
    ]) }}
{%- endmacro %}

{#- SQL: the condition that an event counts as being back, by the rule early_engagement_return_events (empty: any event). -#}
{% macro is_return_event(event_name) -%}
    {%- set literals = [] -%}
    {%- for name in var('early_engagement_return_events') -%}
        {%- do literals.append(_event_literal('early_engagement_return_events', name)) -%}
    {%- endfor -%}
    {{ event_name ~ ' in (' ~ literals | join(', ') ~ ')' if literals else '1 = 1' }}
{%- endmacro %}

{#- The features that the published views show: those of the current list, and those that an earlier list gave to the table.
    A run with a shorter list takes no column away from its consumers, and finds null there. -#}
{% macro published_features(relation) -%}
    {%- set columns = [] -%}
    {%- for event in events_list() -%}
        {%- do columns.extend(event_features(event)) -%}
    {%- endfor -%}
    {%- if execute and load_relation(relation) is not none -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- set name = column.name | lower -%}
            {%- if modules.re.fullmatch('(has|cnt)_.*_f7d', name) and name not in columns -%}
                {%- do columns.append(name) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}

{% macro _event_literal(rule, name) -%}
    {%- if name is not string or not modules.re.fullmatch('[^\\\\\\x00-\\x1f]+', name) -%}
        {{ exceptions.raise_compiler_error(
            "The rule " ~ rule ~ " has an event that is no plain text, or has a backslash or a control character ('" ~ name
            ~ "'): write the event's name as it is in the data."
        ) }}
    {%- endif -%}
    {{ return("'" ~ name.replace("'", "''") ~ "'") }}
{%- endmacro %}
