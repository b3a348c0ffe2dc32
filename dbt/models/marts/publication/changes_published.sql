{{ config(alias='changes') }}

{{ published_rows(source('runs', 'changes'), computed=values_in_currency('candidates', 'metric')) }}
