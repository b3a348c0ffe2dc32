with

publications as (

    select * from {{ source('control', 'publications') }}

),

ranked as (

    select
        *,
        row_number() over (partition by as_of_date order by publication_id desc, run_key desc) as recency
    from publications

)

select
    as_of_date,
    run_key,
    published_at,
    action,
    rules_hash,
    code_version,
    manifest_uri
from ranked
where recency = 1
