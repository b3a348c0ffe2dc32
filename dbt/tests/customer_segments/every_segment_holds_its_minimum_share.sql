-- A returned row is a segment that holds fewer of this run's customers than the rule segment_min_share_pct, in
-- percent. It warns: a small segment is a reason to look, real portfolios have them. A segment without customers is
-- returned too.
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

counted as (

    select
        segments.customer_segment,
        count(customers.customer_segment) as n
    from segments
    left join customers on segments.customer_segment = customers.customer_segment
    group by segments.customer_segment

),

shares as (

    select
        customer_segment,
        cast(100 * n as double) / nullif(sum(n) over (), 0) as share_pct
    from counted

)

select *
from shares
where share_pct < {{ rule_number('segment_min_share_pct') }}
