"""How the statistics of a run are computed."""

from include.tidemark.run import Run
from include.tidemark.statistics.config import StatisticsConfig


def statistics_config(run: Run) -> StatisticsConfig:
    """The run's options and rules, as the statistics take them."""
    return StatisticsConfig(
        as_of_date=run.as_of_date.isoformat(),
        confidence_level=run.options.confidence_level,
        n_resamples=run.options.n_resamples,
        minimum_sample_size=run.rules.segmentation_minimum_sample_size,
        minimum_nonzero_users=run.rules.minimum_nonzero_users,
    )
