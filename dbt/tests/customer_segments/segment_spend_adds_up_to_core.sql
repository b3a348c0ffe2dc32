-- A returned row says that the customers of this run do not hold all the spend before the as-of date of the users who
-- count as customers (a purchase, no tester), in cents: spend was lost or counted twice on the way to the segments.
with

customer_spend as (

    select sum(lifetime_net_cents) as net_cents
    from {{ ref('customer_spend') }}
    where run_key = {{ run_key() }}

),

test_users as (

    select user_id from {{ ref('stg_users') }}
    where is_test_user

),

users_before_as_of as (

    select
        user_id,
        sum(net_cents) as net_cents
    from {{ ref('fct_customer_category_daily') }}
    where transaction_date < {{ as_of_date() }}
    group by user_id
    having sum(purchase_count) > 0

),

core as (

    select sum(users_before_as_of.net_cents) as net_cents
    from users_before_as_of
    left join test_users on users_before_as_of.user_id = test_users.user_id
    where test_users.user_id is null

)

select
    customer_spend.net_cents as customers_cents,
    core.net_cents as core_cents
from customer_spend
cross join core
where coalesce(customer_spend.net_cents, 0) <> coalesce(core.net_cents, 0)
