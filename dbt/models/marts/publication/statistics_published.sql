{{ config(alias='statistics') }}

{%- set renamed = values_in_currency('candidates', 'metric') -%}
{%- do renamed.update(joined_values_in_currency('candidates', 'comparison_family')) -%}
{{ published_rows(source('runs', 'statistics'), computed=renamed) }}
