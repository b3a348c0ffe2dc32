{{ config(meta={'day_column': 'transaction_date'}) }}
{% set rebuild = days_to_rebuild(
    ref('stg_transactions'), day='transaction_date', at='transaction_at', lookback='lookback_days',
    held_here='gross_cents - refund_cents', held_there="case when status = 'posted' then abs(amount_cents) end"
) %}

with

{{ rows_in_scope(rebuild) }}

daily as (

    select
        user_id,
        transaction_date,
        category,
        count(case when amount_cents > 0 then 1 end) as purchase_count,
        cast(sum(greatest(amount_cents, 0)) as bigint) as gross_cents,
        cast(sum(least(amount_cents, 0)) as bigint) as refund_cents,
        cast(sum(amount_cents) as bigint) as net_cents,
        cast(sum(fee_cents) as decimal(18, 2)) as fee_cents,
        max(_loaded_at) as _loaded_at
    from in_scope
    where status = 'posted'
    group by user_id, transaction_date, category

)

{{ rows_and_rebuilt_days(rebuild, 'daily') }}
