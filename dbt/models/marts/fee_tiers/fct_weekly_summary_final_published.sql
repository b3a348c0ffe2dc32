{{ config(alias='fct_weekly_summary_final') }}

{{ published_rows(
    ref('fct_weekly_summary_final'),
    computed=columns_in_currency('candidates', ['volume_usd', 'fees_usd', 'btc_usd', 'eth_usd'])
) }}
