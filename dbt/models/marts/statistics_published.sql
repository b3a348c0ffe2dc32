{{ config(alias='statistics') }}

with

statistics as (

    select * from {{ source('runs', 'statistics') }}

),

published_runs as (

    select * from {{ ref('published_runs') }}

)

select
    statistics.as_of_date,
    statistics.run_key,
    statistics.family,
    statistics.metric,
    statistics.segment,
    statistics.segment_to,
    statistics.horizon,
    statistics.estimate,
    statistics.ci_low,
    statistics.ci_high,
    statistics.confidence_level,
    statistics.n,
    statistics.method,
    statistics.n_resamples,
    statistics.seed,
    statistics.p_value,
    statistics.p_adjusted,
    statistics.family_size,
    statistics.is_mature,
    statistics.trust,
    statistics.reason
from statistics
inner join published_runs
    on
        statistics.as_of_date = published_runs.as_of_date
        and statistics.run_key = published_runs.run_key
