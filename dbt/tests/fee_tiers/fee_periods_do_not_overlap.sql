-- A returned row is a pair of fee periods that share a day, or a fee week that begins on a day of another: a swap of
-- that day would count twice, and its fee would be anybody's guess.
with

fee_weeks as (

    select * from {{ ref('fee_weeks') }}
    where run_key = {{ run_key() }}

)

select
    earlier.period_id,
    later.period_id as overlaps_with
from fee_weeks as earlier
inner join fee_weeks as later
    on
        earlier.week_number < later.week_number
        and earlier.week_end_date >= later.week_start_date
