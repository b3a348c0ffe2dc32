"""`python -m include.tidemark`: the command line."""

import sys

from include.tidemark.cli.main import main

sys.exit(main())
