{{ newest_published_rows(ref('planner_weeks_published')) }}
