"""Estimates with honest uncertainty from sums: pure functions over cells, no Airflow, no warehouse.

Start from `Cells` (one amount per user) or `RatioCells` (two), summed into cells by one GROUP BY, and from a
`StatisticsConfig`. Results are `ResultRow` objects, the one long shape of every published number.

| question | function | takes |
|---|---|---|
| a mean per user | `mean_rows.mean_rows` | `Cells` |
| a share of users | `proportion_row` | counts |
| a segment's share of a sum | `shares.share_rows` | `Cells` by segment |
| two groups compared | `welch_difference`, `mean_ratio_rows`, `newcombe_difference` | `Cells`, counts |
| segments of customers | `segment_shares`, `segment_means`, `segment_movement`, `segment_backtest` | counts, `Cells`, `RatioCells` |
| retention of cohorts | `retention.retention` | `RetentionCount` |
| what a fee does to retention | `retention_model.retention_model` | `BinaryTable` |
| lifetime value by tier | `lifetime_value.lifetime_value` | `Cells`, `WeeklySums` |
| what a fee does to volume | `elasticity.elasticity` | `VolumeCells` |
| which behaviour goes with staying | `drivers.drivers` | `BinaryTable` |
| a funnel | `funnel.funnel` | `FunnelStep` |
| engagement of each user | `engagement_score` | four metrics |
| how far a segment can be relied on | `segment_confidence` | `Cells` |
| the wide files | `project` | `ResultRow` |

A function that has a module's name is imported from its module. The other names are imported from here; those that
need scipy load it when they are first used, not when this package is imported.

>>> from include.tidemark.statistics import Cells, wilson_interval
>>> Cells.from_values([0, 5, 10]).mean, [round(end, 3) for end in wilson_interval(5, 10, 0.95)]
(5.0, [0.237, 0.763])
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from include.tidemark.statistics.cells import Cells, cells_by, merge
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.ratio_cells import RatioCells, merge_ratio
from include.tidemark.statistics.results import (
    COLUMNS,
    REASONS,
    ResultRow,
    null_row,
    result_schema,
    to_frame,
    to_records,
)
from include.tidemark.statistics.streams import ALGORITHM_VERSION, Stream, stream

if TYPE_CHECKING:
    from include.tidemark.statistics.confidence import confidence_score, segment_confidence
    from include.tidemark.statistics.engagement import (
        EngagementWeights,
        behavioral_segments,
        engagement_score,
        revenue_segments,
    )
    from include.tidemark.statistics.few_clusters import PeriodSums, fit_periods, jackknife_effect
    from include.tidemark.statistics.funnel import FunnelStep
    from include.tidemark.statistics.group_ratios import mean_ratio_rows
    from include.tidemark.statistics.groups import (
        Comparison,
        bootstrap_difference,
        bootstrap_ratio,
        log_ratio,
        newcombe_difference,
        welch_difference,
    )
    from include.tidemark.statistics.lifetime_value import WeeklySums, cells_of_users, discount_factors
    from include.tidemark.statistics.logistic import (
        BinaryTable,
        average_contrast,
        average_derivative,
        coefficient_interval,
        fit_logistic,
    )
    from include.tidemark.statistics.means import bootstrap_interval, hall_interval
    from include.tidemark.statistics.minimums import trust, withheld
    from include.tidemark.statistics.multiplicity import (
        adjust,
        benjamini_hochberg,
        benjamini_yekutieli,
        selected_level,
    )
    from include.tidemark.statistics.projections import (
        SEED_FILES,
        Projection,
        Value,
        project,
        segment_metrics,
    )
    from include.tidemark.statistics.proportions import proportion_row
    from include.tidemark.statistics.rates import newcombe_interval, wilson_interval
    from include.tidemark.statistics.ratios import (
        bootstrap_ratio_interval,
        log_delta_interval,
        logit_delta_interval,
    )
    from include.tidemark.statistics.retention import RetentionCount, kaplan_meier
    from include.tidemark.statistics.segments import (
        segment_backtest,
        segment_means,
        segment_movement,
        segment_shares,
    )
    from include.tidemark.statistics.separation import (
        firth_profile,
        fit_firth,
        fit_log_f,
        separated_features,
    )
    from include.tidemark.statistics.volume_cells import VolumeCells
    from include.tidemark.statistics.wild_bootstrap import wild_effect

_LATER = {
    "confidence": ("confidence_score", "segment_confidence"),
    "engagement": ("EngagementWeights", "behavioral_segments", "engagement_score", "revenue_segments"),
    "few_clusters": ("PeriodSums", "fit_periods", "jackknife_effect"),
    "funnel": ("FunnelStep",),
    "group_ratios": ("mean_ratio_rows",),
    "groups": (
        "Comparison",
        "bootstrap_difference",
        "bootstrap_ratio",
        "log_ratio",
        "newcombe_difference",
        "welch_difference",
    ),
    "lifetime_value": ("WeeklySums", "cells_of_users", "discount_factors"),
    "logistic": (
        "BinaryTable",
        "average_contrast",
        "average_derivative",
        "coefficient_interval",
        "fit_logistic",
    ),
    "means": ("bootstrap_interval", "hall_interval"),
    "minimums": ("trust", "withheld"),
    "multiplicity": ("adjust", "benjamini_hochberg", "benjamini_yekutieli", "selected_level"),
    "projections": ("SEED_FILES", "Projection", "Value", "project", "segment_metrics"),
    "rates": ("newcombe_interval", "wilson_interval"),
    "ratios": ("bootstrap_ratio_interval", "log_delta_interval", "logit_delta_interval"),
    "retention": ("RetentionCount", "kaplan_meier"),
    "segments": ("segment_backtest", "segment_means", "segment_movement", "segment_shares"),
    "separation": ("firth_profile", "fit_firth", "fit_log_f", "separated_features"),
    "proportions": ("proportion_row",),
    "volume_cells": ("VolumeCells",),
    "wild_bootstrap": ("wild_effect",),
}
_MODULE_OF = {name: module for module, names in _LATER.items() for name in names}

__all__ = [
    "ALGORITHM_VERSION",
    "COLUMNS",
    "REASONS",
    "SEED_FILES",
    "BinaryTable",
    "Cells",
    "Comparison",
    "EngagementWeights",
    "FunnelStep",
    "PeriodSums",
    "Projection",
    "RatioCells",
    "ResultRow",
    "RetentionCount",
    "StatisticsConfig",
    "Stream",
    "Value",
    "VolumeCells",
    "WeeklySums",
    "adjust",
    "average_contrast",
    "average_derivative",
    "behavioral_segments",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "bootstrap_difference",
    "bootstrap_interval",
    "bootstrap_ratio",
    "bootstrap_ratio_interval",
    "cells_by",
    "cells_of_users",
    "coefficient_interval",
    "confidence_score",
    "discount_factors",
    "engagement_score",
    "firth_profile",
    "fit_firth",
    "fit_log_f",
    "fit_logistic",
    "fit_periods",
    "hall_interval",
    "jackknife_effect",
    "kaplan_meier",
    "log_delta_interval",
    "log_ratio",
    "logit_delta_interval",
    "mean_ratio_rows",
    "merge",
    "merge_ratio",
    "newcombe_difference",
    "newcombe_interval",
    "null_row",
    "project",
    "proportion_row",
    "result_schema",
    "revenue_segments",
    "segment_backtest",
    "segment_confidence",
    "segment_means",
    "segment_metrics",
    "segment_movement",
    "segment_shares",
    "selected_level",
    "separated_features",
    "stream",
    "to_frame",
    "to_records",
    "trust",
    "welch_difference",
    "wild_effect",
    "wilson_interval",
    "withheld",
]


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
