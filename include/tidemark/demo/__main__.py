"""`python -m include.tidemark.demo run | up | down`: what the Makefile calls."""

import argparse
import sys

from include.tidemark.demo import local
from include.tidemark.demo.months import run_demo
from include.tidemark.errors import TidemarkError


def main() -> int:
    """Run one command; errors that are meant for a person are printed as one sentence."""
    parser = argparse.ArgumentParser(prog="python -m include.tidemark.demo", description=__doc__)
    parser.add_argument("command", choices=("run", "up", "down"))
    command = parser.parse_args().command
    try:
        if command == "run":
            return run_demo()
        if command == "up":
            stack = local.up()
            print(
                f"Airflow runs at {stack.url}\n  user admin, password {stack.password}\n  stop it with `make down`"
            )
        else:
            print(f"Stopped {local.down()} processes.")
    except TidemarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
