{{ config(alias='planner_weeks') }}

{{ published_rows(ref('planner_weeks')) }}
