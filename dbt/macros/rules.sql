{#- Rules as SQL literals. Python checks them too, but dbt can be started without it, and nothing unchecked goes into SQL. -#}

{#- A threshold. Integers and decimals stay exact: dbt hands them over as Python numbers. -#}
{% macro rule_number(name) -%}
    {%- set value = var(name) -%}
    {%- if value is not number or value is boolean -%}
        {{ exceptions.raise_compiler_error(
            "The rule " ~ name ~ " must be a number (found '" ~ value ~ "'): correct it in the rules file."
        ) }}
    {%- endif -%}
    {{ value }}
{%- endmacro %}

{% macro rule_choice(name, choices) -%}
    {%- set value = var(name) -%}
    {%- if value not in choices -%}
        {{ exceptions.raise_compiler_error(
            "The rule " ~ name ~ " must be one of " ~ choices | join(', ') ~ " (found '" ~ value
            ~ "'): correct it in the rules file."
        ) }}
    {%- endif -%}
    {{ return(value) }}
{%- endmacro %}

{#- A rule that is true or false. -#}
{% macro rule_flag(name) -%}
    {{ rule_choice(name, [true, false]) | string | lower }}
{%- endmacro %}

{#- Texts of a rule as the right-hand side of `in`. `key` picks one list of a rule that holds several. -#}
{% macro rule_texts(name, key=none) -%}
    {%- set values = var(name)[key] if key else var(name) -%}
    (
        {%- for value in values -%}
            {%- if value is not string or not modules.re.fullmatch('[^\\\\\\x00-\\x1f]+', value) -%}
                {{ exceptions.raise_compiler_error(
                    "The rule " ~ name ~ " has a value that is no plain text ('" ~ value ~ "'): correct it in the rules file."
                ) }}
            {%- endif -%}
            '{{ value.replace("'", "''") }}'{{ ', ' if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}

{#- The category map: the seed, overridden by the rule category_groups. One row per category, in upper case. -#}
{% macro category_groups() -%}
    {%- set overrides = var('category_groups') or {} -%}
    select
        upper(trim(category)) as category,
        min(lower(trim(category_group))) as category_group
    from {{ ref('category_groups') }}
    {%- if overrides %}
    where upper(trim(category)) not in (
        {%- for category in overrides %}{{ _category_literal(category) }}{{ ', ' if not loop.last }}{% endfor -%}
    )
    {%- endif %}
    group by upper(trim(category))
    {%- for category, group in overrides.items() %}
    union all
    select
        {{ _category_literal(category) }} as category,
        '{{ _checked_group(category, group) }}' as category_group
    {%- endfor %}
{%- endmacro %}

{% macro _category_literal(category) -%}
    {%- if not modules.re.fullmatch('[^\\\\\\x00-\\x1f]+', category | string) -%}
        {{ exceptions.raise_compiler_error(
            "The rule category_groups has a category with a backslash or a control character (" ~ category
            ~ "): write the category as it is in the transactions."
        ) }}
    {%- endif -%}
    '{{ (category | string).strip().upper().replace("'", "''") }}'
{%- endmacro %}

{% macro _checked_group(category, group) -%}
    {%- if group not in ['travel', 'necessities', 'other'] -%}
        {{ exceptions.raise_compiler_error(
            "The rule category_groups maps '" ~ category ~ "' to '" ~ group
            ~ "': use travel, necessities or other."
        ) }}
    {%- endif -%}
    {{ group }}
{%- endmacro %}
