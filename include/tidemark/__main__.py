"""`python -m include.tidemark`: the command line."""

import sys

try:
    from include.tidemark.cli.main import main
    from include.tidemark.cli.process import prepare
except KeyboardInterrupt:  # nothing has begun
    sys.exit(130)

prepare()
sys.exit(main())
