{#- A moment or a day as ISO text with every digit. Snowflake's cast to text follows the session's output format, which by
    default drops what is shorter than a millisecond: of rows loaded in that millisecond, all would look new for ever. -#}
{% macro moment_text(moment) -%}
    {{ return(adapter.dispatch('moment_text', 'tidemark')(moment)) }}
{%- endmacro %}

{% macro default__moment_text(moment) -%}
    cast({{ moment }} as varchar)
{%- endmacro %}

{% macro snowflake__moment_text(moment) -%}
    to_varchar({{ moment }}, 'YYYY-MM-DD HH24:MI:SS.FF9')
{%- endmacro %}

{% macro day_text(day) -%}
    {{ return(adapter.dispatch('day_text', 'tidemark')(day)) }}
{%- endmacro %}

{% macro default__day_text(day) -%}
    cast({{ day }} as varchar)
{%- endmacro %}

{% macro snowflake__day_text(day) -%}
    to_varchar({{ day }}, 'YYYY-MM-DD')
{%- endmacro %}
