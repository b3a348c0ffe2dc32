{#- The day of the business time zone that a UTC timestamp falls on. -#}
{% macro business_date(timestamp_utc) -%}
    {{ return(adapter.dispatch('business_date', 'tidemark')(timestamp_utc, _business_timezone())) }}
{%- endmacro %}

{% macro duckdb__business_date(timestamp_utc, zone) -%}
    cast(timezone('{{ zone }}', timezone('UTC', {{ timestamp_utc }})) as date)
{%- endmacro %}

{% macro snowflake__business_date(timestamp_utc, zone) -%}
    cast(convert_timezone('UTC', '{{ zone }}', {{ timestamp_utc }}) as date)
{%- endmacro %}

{% macro _business_timezone() -%}
    {%- set zone = var('business_timezone') | string -%}
    {%- if not modules.re.fullmatch('[A-Za-z0-9_+/-]+', zone) -%}
        {{ exceptions.raise_compiler_error(
            "The rule business_timezone must be an IANA time zone such as America/New_York (found '" ~ zone
            ~ "'): correct it in the rules file."
        ) }}
    {%- endif -%}
    {{ return(zone) }}
{%- endmacro %}
