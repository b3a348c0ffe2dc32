-- A returned row is a group of categories that none of this run's customers ever spent on: the segment that asks for it
-- must stay empty, most likely because the categories of the source are not mapped (rule category_groups).
{{ config(severity='warn') }}

with

customer_spend as (

    select
        sum(lifetime_travel_cents) as travel_cents,
        sum(lifetime_necessities_cents) as necessities_cents
    from {{ ref('customer_spend') }}
    where run_key = {{ run_key() }}

)

select 'travel' as category_group from customer_spend
where travel_cents = 0

union all

select 'necessities' as category_group from customer_spend
where necessities_cents = 0
