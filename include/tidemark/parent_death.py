"""A process that ends when the one that started it ends, however that ends: also by kill -9."""

import ctypes
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def ends_with_parent(request: signal.Signals = signal.SIGKILL) -> Callable[[], None] | None:
    """For `preexec_fn` of a process: Linux sends it the signal when its parent's thread is gone. None
    elsewhere.

    The library is loaded before the fork, because little may be done between that and the start of the new
    program.
    """
    if _LIBC is None:
        return None
    ask = _LIBC.prctl

    def register() -> None:
        ask(_PR_SET_PDEATHSIG, int(request))

    return register


def end_with_parent(request: signal.Signals) -> None:
    """Let this process get the signal when the one that started it is gone."""
    if register := ends_with_parent(request):
        register()
