"""Run months in order from a shell, as a process of its own: `run_months.py AS_OF_DATE ...`, settings from the environment."""

import sys
from datetime import UTC, datetime

from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.settings import load_settings

PARAMETERS = {
    "n_resamples": 1000,
    "confidence_level": 0.95,
    "publish": True,
    "full_refresh": False,
    "lookback_days": None,
}

if __name__ == "__main__":
    for number, month in enumerate(sys.argv[1:]):
        started_at = datetime(2026, 7, 20, 12, number, tzinfo=UTC)
        run, _ = run_in_order(load_settings(), PARAMETERS | {"as_of_date": month}, started_at)
        print(f"published {run.run_key}", flush=True)
