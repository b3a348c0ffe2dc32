{{ config(alias='user_segmentation') }}

{{ published_rows(
    ref('user_segmentation'),
    computed={
        'planner_criteria_met': text_list('candidates.planner_criteria_met'),
        'username': 'named_users.username',
        'email': 'named_users.email',
    },
) }}
-- What a user is called now, which is no part of what a run found. One row per user, even if the source has two:
-- no load may change what is published. (The WITH of the macro stands before, so this can't be a CTE.)
left join (  -- noqa: ST05
    select
        user_id,
        username,
        email,
        row_number() over (
            partition by user_id
            order by _loaded_at desc nulls last, username asc nulls last, email asc nulls last
        ) as recency
    from {{ ref('stg_users') }}
) as named_users
    on
        candidates.user_id = named_users.user_id
        and named_users.recency = 1
