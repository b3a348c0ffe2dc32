-- A returned row is a stage of a group's funnel that holds more users than the stage before it.
with

journey_times as (

    select * from {{ ref('journey_times') }}
    where run_key = {{ run_key() }}

),

stages as (

    select
        group_name,
        stage_number,
        sum(user_count) as user_count
    from journey_times
    group by group_name, stage_number

)

select
    stages.group_name,
    stages.stage_number,
    stages.user_count,
    earlier.user_count as users_before
from stages
left join stages as earlier
    on
        stages.group_name = earlier.group_name
        and stages.stage_number = earlier.stage_number + 1
where
    stages.stage_number > 0
    and (earlier.user_count is null or earlier.user_count < stages.user_count)
