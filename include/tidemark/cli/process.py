"""What only the command's own process may set for itself, and a test of it must not."""

import logging
import signal
import sys
from typing import NoReturn

_requests: list[int] = []


def prepare() -> None:
    """End on a request as on Ctrl-C, so that nothing is left behind, and show the project's warnings, not
    those of libraries."""
    end_on_request()
    ours = logging.getLogger("include.tidemark")
    ours.addHandler(_Said())
    ours.setLevel(logging.WARNING)
    ours.propagate = False
    # What the gate finds is said when the run ends, or fails.
    logging.getLogger("include.tidemark.pipeline.check").setLevel(logging.CRITICAL)


def end_on_request() -> None:
    """End on SIGTERM and SIGHUP as on Ctrl-C; a shell starts background jobs deaf to that."""
    for request in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(request, _end)


def asked_to_end() -> bool:
    """Whether the process was told to end. DuckDB makes an error of its own of a KeyboardInterrupt that
    reaches it."""
    return bool(_requests)


def _end(request: int, _frame: object) -> NoReturn:
    _requests.append(request)
    raise KeyboardInterrupt


class _Said(logging.Handler):
    """Prints to what stderr is at that moment: while a line moves there, a warning goes above it."""

    def emit(self, record: logging.LogRecord) -> None:
        print(f"tidemark: {record.getMessage()}", file=sys.stderr)
