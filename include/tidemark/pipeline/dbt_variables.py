"""A run as what dbt takes of it: variables that its models are parsed with, and values that only a compiled
model sees."""

import json
from typing import Any

from include.tidemark.run import BACKTESTED, Run


def dbt_variables(run: Run) -> dict[str, Any]:
    """The variables of the run's one dbt invocation: its families and its rules.

    They are the same from month to month, so that dbt parses only what has changed since its last run; but
    for runs that have schemas of their own, whose names dbt must know when it parses.
    """
    own = {"schema_suffix": run.schema_suffix} if run.schema_suffix else {}
    return {"families": list(run.families), **run.rules.model_dump(mode="json"), **_lookback(run), **own}


def run_environment(run: Run) -> dict[str, str]:
    """The environment variable that hands the rest of the run to dbt's macro `of_run`: its identity, its
    segmentations, its rows."""
    from include.tidemark.segmentations.variables import (
        segmentation_variables,  # sqlglot, not needed where DAGs are parsed
    )

    previous, backtest = run.previous_of(BACKTESTED), run.backtest
    return as_environment({
        "as_of_date": run.as_of_date.isoformat(),
        "run_key": run.run_key,
        "previous_as_of_date": previous.as_of_date.isoformat() if previous else "",
        "previous_run_key": run.previous_key_of(BACKTESTED),
        "backtest_as_of_date": backtest.as_of_date.isoformat() if backtest else "",
        "backtest_run_key": backtest.run_key if backtest else "",
        "earlier_runs": {family: _earlier_runs(run, family) for family in run.families},
        "segmentations": segmentation_variables(run),
        "source_rows": {name: rows.sql for name, rows in run.sources.items() if rows.sql},
        "lacking_sources": [name for name in run.sources if run.lacks(name)],
        **({"rebuild_facts": True} if run.rebuild_facts else {}),
    })  # fmt: skip


def _earlier_runs(run: Run, family: str) -> dict[str, Any]:
    """The runs that a family's numbers are compared with, as the macros `compared_run` and `same_rules` take
    them."""
    earlier = {"previous": run.previous_of(family), "year_before": run.year_before_of(family)}
    same_rules: dict[str, Any] = {"same_rules": list(run.same_rules_of(family))}
    return same_rules | {
        name: value
        for which, found in earlier.items()
        if found
        for name, value in (
            (f"{which}_as_of_date", found.as_of_date.isoformat()),
            (f"{which}_run_key", found.run_key),
        )
    }


def as_environment(values: dict[str, Any]) -> dict[str, str]:
    """Values of a run as the variable that the macro `of_run` reads."""
    return {"TIDEMARK_RUN": json.dumps(values)}


def _lookback(run: Run) -> dict[str, int]:
    chosen = run.options.lookback_days
    return {} if chosen is None else {"lookback_days": chosen, "lookback_window_days": chosen}
