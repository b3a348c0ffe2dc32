-- A returned row is a segment that holds fewer of this run's customers than the rule segment_min_share_pct, in percent.
-- It warns: a small segment is a reason to look, real portfolios have them. A segment without customers is returned too.
{{ config(severity='warn') }}

with

segments as (

    {% for segment in [
        'High-Value Travelers', 'Declining', 'New & Growing', 'Budget-Conscious', 'Stable Mid-Spenders'
    ] -%}
    select '{{ segment }}' as customer_segment
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

customers as (

    select customer_segment from {{ ref('customer_segments') }}
    where run_key = {{ run_key() }}

),

shares as (

    select
        segments.customer_segment,
        100.0 * count(customers.customer_segment) / nullif((select count(*) from customers), 0) as share_pct
    from segments
    left join customers on segments.customer_segment = customers.customer_segment
    group by segments.customer_segment

)

select *
from shares
where share_pct < {{ rule_number('segment_min_share_pct') }}
