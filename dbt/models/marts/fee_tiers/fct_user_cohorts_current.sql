{{ newest_published_rows(ref('fct_user_cohorts_published')) }}
