{{ newest_published_rows(ref('fct_user_weekly_summary_published')) }}
