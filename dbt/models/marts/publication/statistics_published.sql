{{ config(alias='statistics') }}

{{ published_rows(source('runs', 'statistics'), computed=values_in_currency('candidates', 'metric')) }}
