{{ config(alias='user_engagement') }}

{{ published_rows(ref('user_engagement')) }}
