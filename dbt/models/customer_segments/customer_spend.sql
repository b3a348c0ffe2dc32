with

daily as (

    select * from {{ ref('fct_customer_category_daily') }}
    where transaction_date < {{ as_of_date() }}

),

users as (

    select * from {{ ref('stg_users') }}

),

category_groups as (

    {{ category_groups() }}

),

-- Excluded here and not in core: an account may be found to be a tester's long after its days were built.
-- A customer without a row in users stays: their spend is real.
test_users as (

    select user_id
    from users
    where is_test_user

),

grouped as (

    select
        daily.*,
        category_groups.category_group,
        daily.transaction_date >= {{ window_start(1) }} as in_current_window,
        daily.transaction_date >= {{ window_start(2) }}
        and daily.transaction_date < {{ window_start(1) }} as in_prior_window
    from daily
    left join category_groups on upper(daily.category) = category_groups.category

),

spend as (

    select
        user_id as customer_id,
        min(case when purchase_count > 0 then transaction_date end) as first_transaction_date,
        max(case when purchase_count > 0 then transaction_date end) as last_transaction_date,

        sum(purchase_count) as total_transactions,
        sum(gross_cents) as lifetime_gross_cents,
        sum(refund_cents) as lifetime_refund_cents,
        sum(case when category_group = 'travel' then gross_cents else 0 end) as lifetime_travel_cents,
        sum(case when category_group = 'necessities' then gross_cents else 0 end) as lifetime_necessities_cents,

        sum(case when in_current_window then gross_cents else 0 end) as gross_last_90_days_cents,
        sum(case when in_current_window then net_cents else 0 end) as spend_last_90_days_cents,
        sum(case when in_prior_window then net_cents else 0 end) as spend_prior_90_days_cents,
        sum(case when in_current_window and category_group = 'travel' then gross_cents else 0 end)
            as travel_last_90_days_cents,
        sum(case when in_current_window and category_group = 'necessities' then gross_cents else 0 end)
            as necessities_last_90_days_cents,
        sum(case when in_current_window then purchase_count else 0 end) as purchases_last_90_days,
        sum(case when in_current_window or in_prior_window then purchase_count else 0 end)
            as purchases_last_180_days
    from grouped
    group by user_id

),

customers as (

    select spend.*
    from spend
    left join test_users on spend.customer_id = test_users.user_id
    where
        spend.first_transaction_date is not null
        and test_users.user_id is null

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    customer_id,
    first_transaction_date,
    last_transaction_date,
    cast({{ completed_months('first_transaction_date') }} as integer) as tenure_months,
    cast(total_transactions as bigint) as total_transactions,
    cast(lifetime_gross_cents as bigint) as lifetime_gross_cents,
    cast(lifetime_refund_cents as bigint) as lifetime_refund_cents,
    cast(lifetime_gross_cents + lifetime_refund_cents as bigint) as lifetime_net_cents,
    cast(lifetime_travel_cents as bigint) as lifetime_travel_cents,
    cast(lifetime_necessities_cents as bigint) as lifetime_necessities_cents,
    cast(gross_last_90_days_cents as bigint) as gross_last_90_days_cents,
    cast(spend_last_90_days_cents as bigint) as spend_last_90_days_cents,
    cast(spend_prior_90_days_cents as bigint) as spend_prior_90_days_cents,
    cast(travel_last_90_days_cents as bigint) as travel_last_90_days_cents,
    cast(necessities_last_90_days_cents as bigint) as necessities_last_90_days_cents,
    cast(purchases_last_90_days as bigint) as purchases_last_90_days,
    cast(purchases_last_180_days as bigint) as purchases_last_180_days
from customers
