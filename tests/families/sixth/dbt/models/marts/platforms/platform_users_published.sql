{{ config(alias='platform_users') }}

{{ published_rows(ref('platform_users')) }}
