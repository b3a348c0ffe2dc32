{#- Who buys is dormant without a purchase in both windows; who is looked at as a user, without a purchase and without
    activity, as far as the run knows of either. -#}
{%- set no_purchase = 'coalesce(purchases_last_180_days, 0) = 0' -%}
{%- set no_activity = 'coalesce(days_since_last_activity, 181) > 180' -%}
{%- set known = [] -%}
{%- do known.append(no_purchase) if computes('customer_segments') -%}
{%- do known.append(no_activity) if computes('engagement') -%}
{%- set dormant = {'customers': no_purchase, 'users': known | join(' and ') or '1 = 0'} -%}

with

user_features as (

    select * from {{ ref('user_features') }}
    where run_key = {{ run_key() }}

),

members as (

    {% for segmentation in segmentations() -%}
    select
        cast('{{ segmentation.name }}' as varchar) as segmentation,
        user_id,
        {{ decided_segment(segmentation) | indent(8) }} as segment,
        {{ dormant[segmentation.population] }} as is_dormant
    from user_features
    where {{ 'is_customer' if segmentation.population == 'customers' else 'is_user' }}
    {{ 'union all' if not loop.last }}
    {% else -%}
    select
        cast(null as varchar) as segmentation,
        user_id,
        cast(null as varchar) as segment,
        false as is_dormant
    from user_features
    where 1 = 0
    {% endfor %}

)

select
    {{ as_of_date() }} as as_of_date,
    cast({{ run_key() }} as varchar) as run_key,
    segmentation,
    user_id,
    cast(segment as varchar) as segment,
    is_dormant
from members
