with

fee_periods as (

    select * from {{ ref('stg_fee_periods') }}
    where period_start_date < {{ as_of_date() }}

),

market_prices as (

    select * from {{ ref('stg_market_prices') }}
    where price_date < {{ as_of_date() }}

),

exclusions as (

    select * from {{ ref('fee_week_exclusions') }}

),

-- A fee period of a thousand weeks is nineteen years.
whole_numbers as (

    {{ whole_numbers(digits=3) }}

),

-- A longer period is cut from its first day on, because its last one may lie in the far future.
weeks as (

    select
        fee_periods.period_id as fee_period_id,
        fee_periods.final_fee_bps,
        case
            when fee_periods.period_start_date + 7 <= fee_periods.period_end_date
                then fee_periods.period_id || '.' || lpad(cast(whole_numbers.n + 1 as varchar), 2, '0')
            else fee_periods.period_id
        end as period_id,
        fee_periods.period_start_date + 7 * whole_numbers.n as week_start_date,
        least(fee_periods.period_start_date + 7 * whole_numbers.n + 6, fee_periods.period_end_date)
            as week_end_date
    from fee_periods
    inner join whole_numbers
        on
            fee_periods.period_start_date + 7 * whole_numbers.n <= fee_periods.period_end_date
            and fee_periods.period_start_date + 7 * whole_numbers.n < {{ as_of_date() }}

),

-- Through whole cents, so that the order of the days does not matter.
prices as (

    select
        weeks.week_start_date,
        cast(sum(cast(round(market_prices.btc_usd * 100, 0) as bigint)) as double)
        / nullif(100 * count(market_prices.btc_usd), 0) as btc_usd,
        cast(sum(cast(round(market_prices.eth_usd * 100, 0) as bigint)) as double)
        / nullif(100 * count(market_prices.eth_usd), 0) as eth_usd
    from weeks
    inner join market_prices
        on
            weeks.week_start_date <= market_prices.price_date
            and weeks.week_end_date >= market_prices.price_date
    group by weeks.week_start_date

),

reasons as (

    select
        weeks.week_start_date,
        min(exclusions.reason) as exclusion_reason
    from weeks
    inner join exclusions
        on
            weeks.week_end_date >= exclusions.first_day
            and weeks.week_start_date <= exclusions.last_day
    group by weeks.week_start_date

),

numbered as (

    select
        weeks.*,
        prices.btc_usd,
        prices.eth_usd,
        reasons.exclusion_reason,
        row_number() over (order by weeks.week_start_date, weeks.period_id) as week_number
    from weeks
    left join prices on weeks.week_start_date = prices.week_start_date
    left join reasons on weeks.week_start_date = reasons.week_start_date

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    cast(week_number as integer) as week_number,
    cast(period_id as varchar) as period_id,
    fee_period_id,
    week_start_date,
    week_end_date,
    final_fee_bps,
    week_end_date < {{ as_of_date() }} as is_complete,
    week_start_date + 6 = week_end_date as is_full_week,
    exclusion_reason,
    cast(btc_usd as double) as btc_usd,
    cast(eth_usd as double) as eth_usd
from numbered
