with

market_prices as (

    select * from {{ source_rows('market_prices') }}

),

renamed as (

    select
        cast(price_date as date) as price_date,
        cast(btc_usd as double) as btc_usd,
        cast(eth_usd as double) as eth_usd,
        cast(_loaded_at as timestamp) as _loaded_at
    from market_prices

)

select * from renamed
