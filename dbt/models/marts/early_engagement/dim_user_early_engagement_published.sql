{{ config(alias='dim_user_early_engagement') }}
{%- set candidate = ref('dim_user_early_engagement') %}

with

candidates as (

    select * from {{ candidate }}

),

published_runs as (

    select * from {{ ref('published_runs') }}

)

select
    candidates.as_of_date,
    candidates.run_key,
    candidates.user_id,
    candidates.created_date,
    candidates.creation_app_platform,
    {%- for column in published_features(candidate) %}
    candidates.{{ column }},
    {%- endfor %}
    candidates.is_retained_4_weeks
from candidates
inner join published_runs
    on
        candidates.as_of_date = published_runs.as_of_date
        and candidates.run_key = published_runs.run_key
