"""A run as the variables that dbt takes."""

from typing import Any

from include.tidemark.run import BACKTESTED, Run


def dbt_variables(run: Run) -> dict[str, Any]:
    """The variables of the run's one dbt invocation: its identity, its segmentations, then its rules."""
    from include.tidemark.segmentations.variables import (
        segmentation_variables,  # sqlglot, not needed where DAGs are parsed
    )

    previous, backtest = run.previous_of(BACKTESTED), run.backtest
    return {
        "as_of_date": run.as_of_date.isoformat(),
        "run_key": run.run_key,
        "previous_as_of_date": previous.as_of_date.isoformat() if previous else "",
        "previous_run_key": run.previous_key_of(BACKTESTED),
        "backtest_as_of_date": backtest.as_of_date.isoformat() if backtest else "",
        "backtest_run_key": backtest.run_key if backtest else "",
        "families": list(run.families),
        "segmentations": segmentation_variables(run),
        "source_rows": {name: rows.sql for name, rows in run.sources.items() if rows.sql},
        **({"rebuild_facts": True} if run.rebuild_facts else {}),
        **run.rules.model_dump(mode="json"),
        **_lookback(run),
    }


def _lookback(run: Run) -> dict[str, int]:
    chosen = run.options.lookback_days
    return {} if chosen is None else {"lookback_days": chosen, "lookback_window_days": chosen}
