with

user_weeks as (

    select * from {{ ref('fct_user_weekly_summary') }}
    where
        run_key = {{ run_key() }}
        and swaps_count > 0

),

logs as (

    select
        week_number,
        segment,
        volume_cents,
        ln(cast(volume_cents as double) / 100 + 1) as log_volume
    from user_weeks

),

-- In whole billionths, so that the order of the rows can't change a sum.
scaled as (

    select
        week_number,
        segment,
        volume_cents,
        cast(ceil(log_volume * 16) as integer) as log_bin,
        cast(round(log_volume * 1000000000, 0) as bigint) as log_units,
        cast(round(log_volume * log_volume * 1000000000, 0) as bigint) as log_square_units
    from logs

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    week_number,
    segment,
    log_bin,
    cast(count(*) as bigint) as n,
    {{ power_sum('log_units') }} as log_sum_units,
    {{ power_sum('log_square_units') }} as log_square_sum_units,
    {{ power_sum('volume_cents') }} as volume_cents
from scaled
group by week_number, segment, log_bin
