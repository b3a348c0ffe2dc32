{{ config(alias='statistics') }}

{{ published_rows(source('runs', 'statistics')) }}
