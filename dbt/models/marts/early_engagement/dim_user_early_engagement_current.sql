with

published as (

    select * from {{ ref('dim_user_early_engagement_published') }}

),

newest as (

    select max(as_of_date) as as_of_date from {{ ref('published_runs') }}

)

select
    published.as_of_date,
    published.run_key,
    published.user_id,
    published.created_date,
    published.creation_app_platform,
    {%- for column in published_features(ref('dim_user_early_engagement')) %}
    published.{{ column }},
    {%- endfor %}
    published.is_retained_4_weeks
from published
inner join newest on published.as_of_date = newest.as_of_date
