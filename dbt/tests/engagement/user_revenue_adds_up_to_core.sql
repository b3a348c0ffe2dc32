-- A returned row says that the users of this run do not hold all their posted spend before the as-of date, in cents:
-- revenue was lost or counted twice.
with

user_engagement as (

    select
        user_id,
        lifetime_revenue
    from {{ ref('user_engagement') }}
    where run_key = {{ run_key() }}

),

held as (

    select coalesce(sum(cast(lifetime_revenue * 100 as bigint)), 0) as cents from user_engagement

),

core as (

    select coalesce(sum(net_cents), 0) as cents
    from {{ ref('fct_customer_category_daily') }}
    where
        transaction_date < {{ as_of_date() }}
        and user_id in (select user_engagement.user_id from user_engagement)

)

select
    held.cents as held_cents,
    core.cents as core_cents
from held
cross join core
where
    held.cents <> core.cents
    and {{ 'true' if has_rows_of('transactions') else 'false' }}
