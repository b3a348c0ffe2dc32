"""`data/segment_analysis_report.json`: the run's findings in one document, for programs and for writers of
summaries."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import WrittenFile
from include.tidemark.families.engagement.cohorts import ALL_COHORTS, REVENUE_PER_USER, horizon
from include.tidemark.families.engagement.definitions import parameters
from include.tidemark.run import Run
from include.tidemark.statistics.results import round_significant
from include.tidemark.statistics.retention import IN_OR_AFTER, IN_WINDOW
from include.tidemark.warehouse.base import Row

PATH = "data/segment_analysis_report.json"
_SCHEMA_VERSION = 1
_IDENTITY = ("as_of_date", "run_key")


def write_analysis_report(  # noqa: PLR0917 - the parts of one document
    run: Run,
    results: StatisticRows,
    behavioral: Sequence[Row],
    revenue: Sequence[Row],
    funnel: Sequence[Row],
    cohorts: Sequence[Row],
    target: Path,
) -> WrittenFile:
    """Write the document below the folder `target`, from the rows of the family's files."""
    file = target / PATH
    file.parent.mkdir(parents=True, exist_ok=True)
    document = analysis(run, results, behavioral, revenue, funnel, cohorts)
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    file.write_text(text + "\n", encoding="utf-8")
    return WrittenFile(PATH, None, _SCHEMA_VERSION)


def analysis(  # noqa: PLR0917 - the parts of one document
    run: Run,
    results: StatisticRows,
    behavioral: Sequence[Row],
    revenue: Sequence[Row],
    funnel: Sequence[Row],
    cohorts: Sequence[Row],
) -> dict[str, Any]:
    """The document: identity, parameters, segments, retention, funnel, and what was withheld."""
    return {
        "as_of_date": run.as_of_date.isoformat(),
        "run_key": run.run_key,
        "run_hash": run.options.run_hash,
        "rules_hash": run.rules_hash,
        "code_version": run.code_version,
        "window": {"from": run.window_start.isoformat(), "before": run.as_of_date.isoformat()},
        "parameters": parameters(run.rules),
        "users": behavioral[-1]["users"],
        "behavioral_segments": [_plain(row) for row in behavioral],
        "revenue_segments": [_plain(row) for row in revenue],
        "retention": {
            "cohorts": len({row["cohort_date"] for row in cohorts}),
            "overall": [_retention(results, day) for day in run.rules.retention_days],
            "significant_cohorts": [
                {
                    name: _value(row[name])
                    for name in ("cohort_date", "day", "difference_from_rest", "p_adjusted")
                }
                for row in cohorts
                if row["is_significant"]
            ],
            "comparisons": sum(row["p_value"] is not None for row in cohorts),
            "withheld": sum(row["retention_rate"] is None for row in cohorts),
        },
        "journey_funnel": [_plain(row) for row in funnel],
        "significance": "Benjamini and Hochberg within each day of all cohorts, and over all groups and stages of the funnel; over the families of the report, Benjamini and Bogomolov.",
    }


def _retention(results: StatisticRows, day: int) -> dict[str, Any]:
    found = {
        name: results.at(metric, ALL_COHORTS, horizon=horizon(day))
        for name, metric in (
            ("retention_rate", IN_WINDOW),
            ("retention_or_later_rate", IN_OR_AFTER),
            ("revenue_per_user", REVENUE_PER_USER),
        )
    }
    numbers = ("estimate", "ci_low", "ci_high", "n", "reason")
    return {
        "day": day,
        **{name: {n: row[n] for n in numbers} if row else None for name, row in found.items()},
    }


def _plain(row: Row) -> dict[str, Any]:
    return {name: _value(value) for name, value in row.items() if name not in _IDENTITY}


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return round_significant(value)
    return value.isoformat() if isinstance(value, date) else value
