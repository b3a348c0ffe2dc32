"""Run months in order from a shell, as a process of its own, with settings from the environment.

`run_months.py RUNS OPTIONS`: JSON, a list of the runs' `as_of_date`, `dag_run_id` and `started_at`, and the
options of all.
"""

import json
import sys
from datetime import datetime

from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.settings import load_settings

if __name__ == "__main__":
    runs, options = (json.loads(argument) for argument in sys.argv[1:])
    for each in runs:
        run_in_order(
            load_settings(),
            options | {"as_of_date": each["as_of_date"]},
            datetime.fromisoformat(each["started_at"]),
            each["dag_run_id"],
        )
