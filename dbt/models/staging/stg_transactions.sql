with

transactions as (

    select * from {{ source_rows('transactions') }}

),

renamed as (

    select
        cast(transaction_id as varchar) as transaction_id,
        cast(user_id as varchar) as user_id,
        cast(transaction_at as timestamp) as transaction_at,
        {{ business_date('cast(transaction_at as timestamp)') }} as transaction_date,
        cast(round(cast(amount_usd as decimal(18, 4)) * 100, 0) as bigint) as amount_cents,
        coalesce(cast(cast(fee_usd as decimal(18, 4)) * 100 as decimal(18, 2)), 0) as fee_cents,
        coalesce(nullif(trim(cast(category as varchar)), ''), 'UNKNOWN') as category,
        coalesce(nullif(lower(trim(cast(status as varchar))), ''), 'posted') as status,
        cast(_loaded_at as timestamp) as _loaded_at
    from transactions

)

select * from renamed
