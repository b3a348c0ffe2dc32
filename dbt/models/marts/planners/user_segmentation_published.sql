{{ config(alias='user_segmentation') }}

{{ published_rows(
    ref('user_segmentation'),
    computed={'planner_criteria_met': text_list('candidates.planner_criteria_met')},
) }}
