"""`python -m include.tidemark.demo run | up | status | down`: what the Makefile calls."""

import argparse
import os
import signal
import sys
from pathlib import Path

from include.tidemark.cli.main import main as tidemark
from include.tidemark.cli.process import end_on_request
from include.tidemark.demo import airflow_stack, local, own
from include.tidemark.demo.airflow_stack import Stack
from include.tidemark.demo.datasets import NAMES, dataset
from include.tidemark.demo.months import run_demo
from include.tidemark.demo.synthetic.dataset import DEFAULT_USERS
from include.tidemark.errors import SettingsError, TidemarkError
from include.tidemark.parent_death import end_with_parent

_INTERRUPTED = 130
"""Exit code by which shells know of a Ctrl-C."""


def main() -> int:
    """Run one command; errors that are meant for a person are printed as one sentence."""
    parser = argparse.ArgumentParser(prog="python -m include.tidemark.demo", description=__doc__)
    parser.add_argument("command", choices=("run", "up", "status", "down"))
    parser.add_argument(
        "--dataset",
        choices=(*NAMES, own.NAME),
        default=NAMES[0],
        help="own is whatever the exported TIDEMARK_* and the configuration folder say",
    )
    parser.add_argument("--users", type=int, default=DEFAULT_USERS, help="size of the synthetic data set")
    parser.add_argument(
        "--as-of", default="", help="months of own data: firsts of months, separated by commas"
    )
    chosen = parser.parse_args()
    try:
        if chosen.command == "down":
            print(f"Stopped {local.down_all()} processes.")
            return 0
        return _run_own(chosen) if chosen.dataset == own.NAME else _run_shipped(chosen)
    except TidemarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on where this one stopped.", file=sys.stderr)
        return _INTERRUPTED


def _run_shipped(chosen: argparse.Namespace) -> int:
    if chosen.as_of:
        raise SettingsError("AS_OF is for DATASET=own: the other data sets have their own four months.")
    data = dataset(chosen.dataset, chosen.users)
    local.refuse_exported(data.state, data)
    local.refuse_own_months(data.state, data)
    if chosen.command == "status":
        os.environ |= local.settings_environment(data.state, data)
        return _status(data.state / "airflow")
    if chosen.command == "run":
        return run_demo(dataset=data)
    _say_up(local.up(data.state, data, stays=True))
    return 0


def _run_own(chosen: argparse.Namespace) -> int:
    if chosen.command == "run":
        return own.run_own(chosen.as_of)
    if chosen.command == "status":
        return _status(own.STATE / "airflow")
    _say_up(own.up(stays=True))
    print(
        "  the DAG monthly_segmentation is paused: unpause it for its schedule, or trigger it with an as_of_date"
    )
    return 0


def _status(home: Path) -> int:
    """`tidemark status`, with the metadata database of the local Airflow."""
    os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = airflow_stack.database(home)
    return tidemark(["status"])


def _say_up(stack: Stack) -> None:
    print(f"Airflow runs at {stack.url}\n  user admin, password {stack.password}\n  stop it with `make down`")


if __name__ == "__main__":
    end_on_request()
    end_with_parent(signal.SIGTERM)
    sys.exit(main())
