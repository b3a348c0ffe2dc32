"""What only the command's own process may set for itself, and a test of it must not."""

import logging
import signal
import sys


def prepare() -> None:
    """End on a request as on Ctrl-C, so that nothing is left behind, and show the project's warnings, not those of libraries."""
    for request in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(request, signal.default_int_handler)
    ours = logging.getLogger("include.tidemark")
    ours.addHandler(_Said())
    ours.setLevel(logging.WARNING)
    ours.propagate = False
    # What the gate finds is said when the run ends, or fails.
    logging.getLogger("include.tidemark.pipeline.check").setLevel(logging.CRITICAL)


class _Said(logging.Handler):
    """Prints to what stderr is at that moment: while a line moves there, a warning goes above it."""

    def emit(self, record: logging.LogRecord) -> None:
        print(f"tidemark: {record.getMessage()}", file=sys.stderr)
