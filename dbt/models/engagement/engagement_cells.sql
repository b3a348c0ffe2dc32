with

users as (

    select
        *,
        cast(lifetime_revenue * 100 as bigint) as lifetime_cents,
        cast(revenue_last_90_days * 100 as bigint) as window_cents,
        cast(round(engagement_score * 1000000, 0) as bigint) as score_millionths
    from {{ ref('user_engagement') }}
    where run_key = {{ run_key() }}

),

all_cells as (

    {{ cells('users', 'engagement_score', 'score_millionths', ['behavioral_segment', 'revenue_segment']) }}

    {% if has_rows_of('transactions') -%}
    union all

    {{ cells('users', 'lifetime_revenue', 'lifetime_cents', ['behavioral_segment', 'revenue_segment']) }}

    union all

    {{ cells('users', 'revenue_last_90_days', 'window_cents', ['behavioral_segment', 'revenue_segment']) }}
    {%- endif %}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    metric,
    behavioral_segment,
    revenue_segment,
    cast(bin as varchar) as bin,
    cast(n as bigint) as n,
    s1,
    s2,
    s3
from all_cells
