{{ config(alias='row_account') }}

{{ published_rows(source('runs', 'row_account'), computed=columns_in_currency('candidates', ['amount_usd'])) }}
