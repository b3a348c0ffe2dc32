"""The gate: what must hold before a run may be published, computed in the warehouse by Great Expectations."""

import logging
import os

# Both before Great Expectations is imported anywhere below: it would ask the first about its statistics of
# use, and without the second it writes hundreds of lines about its own classes into the task's log.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
logging.getLogger("great_expectations").setLevel(logging.WARNING)
