"""`python -m include.tidemark.demo run | up | down`: what the Makefile calls."""

import argparse
import sys

from include.tidemark.demo import local, own
from include.tidemark.demo.airflow_stack import Stack
from include.tidemark.demo.datasets import NAMES, dataset
from include.tidemark.demo.months import run_demo
from include.tidemark.demo.synthetic.dataset import DEFAULT_USERS
from include.tidemark.errors import SettingsError, TidemarkError

_INTERRUPTED = 130
"""Exit code by which shells know of a Ctrl-C."""


def main() -> int:
    """Run one command; errors that are meant for a person are printed as one sentence."""
    parser = argparse.ArgumentParser(prog="python -m include.tidemark.demo", description=__doc__)
    parser.add_argument("command", choices=("run", "up", "down"))
    parser.add_argument(
        "--dataset", choices=(*NAMES, own.NAME), default=NAMES[0],
        help="own is whatever the exported TIDEMARK_* and the configuration folder say",
    )  # fmt: skip
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
    if chosen.command == "run":
        return run_demo(dataset=data)
    _say_up(local.up(data.state, data))
    return 0


def _run_own(chosen: argparse.Namespace) -> int:
    if chosen.command == "run":
        return own.run_own(chosen.as_of)
    _say_up(own.up())
    print(
        "  the DAG monthly_segmentation is paused: unpause it for its schedule, or trigger it with an as_of_date"
    )
    return 0


def _say_up(stack: Stack) -> None:
    print(f"Airflow runs at {stack.url}\n  user admin, password {stack.password}\n  stop it with `make down`")


if __name__ == "__main__":
    sys.exit(main())
