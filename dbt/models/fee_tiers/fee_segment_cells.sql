{%- set by_median = trade_size_basis() == 'median_swap' -%}

with

user_weeks as (

    select
        *,
        cast(fee_cents * 100 as bigint) as fee_units
    from {{ ref('fct_user_weekly_summary') }}
    where
        run_key = {{ run_key() }}
        and swaps_count > 0

),

-- A user's usual size: the mean week or the mean swap, as the rule for single weeks has it.
users as (

    select
        user_id,
        sum(volume_cents) as volume_cents,
        sum(volume_cents) / cast(sum({{ 'swaps_count' if by_median else '1' }}) as double) as size_cents
    from user_weeks
    group by user_id

),

sized_users as (

    select
        cast(null as integer) as week_number,
        {{ decided_segment(segments_of_trade_sizes()) | indent(4) }} as segment,
        cast(volume_cents as bigint) as volume_cents
    from users

),

all_cells as (

    {{ cells('user_weeks', 'volume', 'volume_cents', ['week_number', 'segment']) }}

    union all

    {{ cells('user_weeks', 'fees', 'fee_units', ['week_number', 'segment']) }}

    union all

    {{ cells('sized_users', 'user_volume', 'volume_cents', ['week_number', 'segment']) }}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    metric,
    week_number,
    cast(segment as varchar) as segment,
    cast(bin as varchar) as bin,
    cast(n as bigint) as n,
    s1,
    s2,
    s3
from all_cells
