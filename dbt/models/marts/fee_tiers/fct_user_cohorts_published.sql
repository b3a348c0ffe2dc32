{{ config(alias='fct_user_cohorts') }}

{{ published_rows(ref('fct_user_cohorts'), computed={'user_address': 'candidates.user_id'}) }}
