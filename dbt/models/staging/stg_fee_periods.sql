with

fee_periods as (

    select * from {{ source_rows('fee_periods') }}

),

renamed as (

    select
        cast(period_id as varchar) as period_id,
        cast(period_start_date as date) as period_start_date,
        cast(period_end_date as date) as period_end_date,
        cast(final_fee_bps as double) as final_fee_bps,
        cast(_loaded_at as timestamp) as _loaded_at
    from fee_periods

)

select * from renamed
