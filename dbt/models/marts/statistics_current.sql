with

published as (

    select * from {{ ref('statistics_published') }}

),

newest as (

    select max(as_of_date) as as_of_date from {{ ref('published_runs') }}

)

select
    published.as_of_date,
    published.run_key,
    published.family,
    published.metric,
    published.segment,
    published.segment_to,
    published.horizon,
    published.estimate,
    published.ci_low,
    published.ci_high,
    published.confidence_level,
    published.n,
    published.method,
    published.n_resamples,
    published.seed,
    published.p_value,
    published.p_adjusted,
    published.family_size,
    published.is_mature,
    published.trust,
    published.reason
from published
inner join newest on published.as_of_date = newest.as_of_date
