{{ config(alias='fct_user_cohorts') }}

{{ published_rows(ref('fct_user_cohorts')) }}
