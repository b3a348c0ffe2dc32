"""`python -m include.tidemark`: the command line."""

import sys

from include.tidemark.cli.main import main
from include.tidemark.cli.process import prepare

prepare()
sys.exit(main())
