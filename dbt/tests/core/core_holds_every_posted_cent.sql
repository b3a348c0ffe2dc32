-- A returned row says that the daily facts and the posted transactions they were built from differ, in cents: a
-- transaction was changed, or came late, without being loaded again. A run with full_refresh repairs it.
-- Rows that were loaded after the facts were built are not theirs to hold.
with

facts as (

    select
        sum(net_cents) as net_cents,
        sum(fee_cents) as fee_cents,
        max(_loaded_at) as _loaded_at
    from {{ ref('fct_customer_category_daily') }}

),

transactions as (

    select
        sum(amount_cents) as net_cents,
        sum(fee_cents) as fee_cents
    from {{ ref('stg_transactions') }}
    where
        status = 'posted'
        and _loaded_at <= (select facts._loaded_at from facts)

)

select
    facts.net_cents as facts_cents,
    transactions.net_cents as transactions_cents,
    facts.fee_cents as facts_fee_cents,
    transactions.fee_cents as transactions_fee_cents
from facts
cross join transactions
where
    coalesce(facts.net_cents, 0) <> coalesce(transactions.net_cents, 0)
    or coalesce(facts.fee_cents, 0) <> coalesce(transactions.fee_cents, 0)
