{{ newest_published_rows(ref('fct_weekly_summary_final_published')) }}
