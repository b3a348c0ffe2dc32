{{ config(alias='fct_weekly_summary_final') }}

{{ published_rows(ref('fct_weekly_summary_final')) }}
