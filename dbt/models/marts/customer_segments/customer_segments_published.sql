{{ config(alias='customer_segments') }}

{{ published_rows(ref('customer_segments')) }}
