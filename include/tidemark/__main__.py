"""`python -m include.tidemark`: the command line."""

import sys

try:
    from include.tidemark.cli.main import main
    from include.tidemark.cli.process import prepare
except KeyboardInterrupt:  # nothing has begun
    sys.exit(130)
except ModuleNotFoundError as error:
    print(
        f"tidemark: {sys.executable} has no {error.name}; run `make setup`, or set TIDEMARK_PYTHON to the environment of Airflow.",
        file=sys.stderr,
    )
    sys.exit(2)

prepare()
sys.exit(main())
