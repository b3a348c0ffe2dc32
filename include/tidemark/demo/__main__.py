"""`python -m include.tidemark.demo run | up | down`: what the Makefile calls."""

import argparse
import sys

from include.tidemark.demo import local
from include.tidemark.demo.datasets import NAMES, dataset
from include.tidemark.demo.months import run_demo
from include.tidemark.demo.synthetic.dataset import DEFAULT_USERS
from include.tidemark.errors import TidemarkError

_INTERRUPTED = 130
"""Exit code by which shells know of a Ctrl-C."""


def main() -> int:
    """Run one command; errors that are meant for a person are printed as one sentence."""
    parser = argparse.ArgumentParser(prog="python -m include.tidemark.demo", description=__doc__)
    parser.add_argument("command", choices=("run", "up", "down"))
    parser.add_argument("--dataset", choices=NAMES, default=NAMES[0])
    parser.add_argument("--users", type=int, default=DEFAULT_USERS, help="size of the synthetic data set")
    chosen = parser.parse_args()
    try:
        if chosen.command == "down":
            print(f"Stopped {local.down_all()} processes.")
            return 0
        data = dataset(chosen.dataset, chosen.users)
        if chosen.command == "run":
            return run_demo(dataset=data)
        stack = local.up(data.state, data)
        print(
            f"Airflow runs at {stack.url}\n  user admin, password {stack.password}\n  stop it with `make down`"
        )
    except TidemarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on where this one stopped.", file=sys.stderr)
        return _INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
