{{ config(tags=['early_engagement']) }}

with

users as (

    select * from {{ ref('stg_users') }}

)

select
    user_id,
    created_at,
    created_date,
    platform,
    country,
    is_test_user
from users
