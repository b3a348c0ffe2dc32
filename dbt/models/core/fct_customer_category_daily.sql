{% set rebuild = days_to_rebuild(this, ref('stg_transactions')) if is_incremental() else {'everything': true} %}

{#- The transactions are named in each place instead of imported once: DuckDB would compute a shared import for all
    rows, local dates included, before it looks at any of the conditions (4.0 instead of 0.6 s for a month of 13.5
    million rows). #}
with

{% if rebuild.everything %}
in_scope as (

    select * from {{ ref('stg_transactions') }}

),
{% else %}
-- A day is rebuilt when any of its rows is new to this table, posted or not (a row may have lost its status), and
-- always within the look-back.
stale_days as (

    select transaction_date
    from {{ ref('stg_transactions') }}
    where _loaded_at > {{ rebuild.loaded_after }}

    union

    select transaction_date
    from {{ ref('stg_transactions') }}
    where
        transaction_at >= {{ rebuild.since_day }} - interval '1 day'
        and transaction_date >= {{ rebuild.since_day }}

    union

    select transaction_date
    from {{ this }}
    where transaction_date >= {{ rebuild.since_day }}

),

-- A local day begins at most 14 hours before its date in UTC: the condition on the timestamp lets the warehouse skip
-- storage.
in_scope as (

    select all_rows.*
    from {{ ref('stg_transactions') }} as all_rows
    inner join stale_days on all_rows.transaction_date = stale_days.transaction_date
    where all_rows.transaction_at >= {{ rebuild.first_day }} - interval '1 day'

),
{% endif %}

daily as (

    select
        user_id,
        transaction_date,
        category,
        count(case when amount_cents > 0 then 1 end) as purchase_count,
        cast(sum(greatest(amount_cents, 0)) as bigint) as gross_cents,
        cast(sum(least(amount_cents, 0)) as bigint) as refund_cents,
        cast(sum(amount_cents) as bigint) as net_cents,
        max(_loaded_at) as _loaded_at
    from in_scope
    where status = 'posted'
    group by user_id, transaction_date, category

)

select * from daily
{%- if is_incremental() %}

union all

-- Days that lost their last row: the strategy reads them as "delete this day".
select
    cast(null as varchar) as user_id,
    emptied.transaction_date,
    cast(null as varchar) as category,
    cast(null as bigint) as purchase_count,
    cast(null as bigint) as gross_cents,
    cast(null as bigint) as refund_cents,
    cast(null as bigint) as net_cents,
    cast(null as timestamp) as _loaded_at
from (
    {% if rebuild.everything %}
    select transaction_date from {{ this }}
    {% else %}
    select transaction_date from stale_days
    {% endif %}
    except
    select transaction_date from daily
) as emptied
{%- endif %}
