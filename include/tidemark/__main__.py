"""`python -m include.tidemark`: the command line."""

import sys

try:
    from include.tidemark.cli.main import main
    from include.tidemark.cli.process import prepare
except KeyboardInterrupt:  # nothing has begun
    sys.exit(130)
except ModuleNotFoundError as error:
    sys.exit(
        f"tidemark: {sys.executable} has no {error.name}; run `make setup`, or set TIDEMARK_PYTHON to the environment of Airflow."
    )

prepare()
sys.exit(main())
