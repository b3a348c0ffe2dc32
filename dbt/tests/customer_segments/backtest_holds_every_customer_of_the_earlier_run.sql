-- A returned row says that the backtest's cells hold another number of customers, or another sum of their prior spend
-- in cents, than the earlier run that they follow. Nothing is returned when there is no backtest.
with

cells as (

    select
        backtest_run_key,
        sum(n) as n,
        sum(prior_s1) as prior_s1
    from {{ ref('customer_segment_backtest_cells') }}
    where run_key = {{ run_key() }}
    group by backtest_run_key

),

customers as (

    select
        run_key,
        count(*) as n,
        sum(spend_last_90_days_cents) as prior_s1
    from {{ ref('customer_spend') }}
    where run_key in (select cells.backtest_run_key from cells)
    group by run_key

)

select
    customers.run_key,
    customers.n,
    cells.n as n_in_cells,
    customers.prior_s1,
    cells.prior_s1 as prior_s1_in_cells
from customers
inner join cells on customers.run_key = cells.backtest_run_key
where
    customers.n <> cells.n
    or customers.prior_s1 <> cells.prior_s1
