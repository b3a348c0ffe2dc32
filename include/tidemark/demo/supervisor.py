"""Airflow's four processes under one roof: one that dies is started again, and all end together.

    python -m include.tidemark.demo.supervisor HOME MARK [--bound]

They end when this process is told to, when it is killed, and with `--bound` when its stdin is closed: by the
end of whoever started it.
"""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from include.tidemark.cli.started import Started, guard
from include.tidemark.demo.airflow_stack import MARK
from include.tidemark.parent_death import ends_with_parent

PARTS = ("scheduler", "dag-processor", "triggerer", "api-server")
_LOOK_SECONDS = 0.5
_SOON_SECONDS = 20
"""A part that lived for less dies of something that stays, so the pauses before its starts grow."""
_LONGEST_PAUSE_SECONDS = 60


class _Part:
    """One process of Airflow."""

    def __init__(self, name: str, log: IO[bytes]) -> None:
        self._name, self._log, self._pause = name, log, 1.0
        self._due: float | None = None
        """When it is started again; None while it lives."""
        self._start()

    def keep_alive(self) -> None:
        """Start it again where it has died."""
        code = self._process.poll()
        if code is None:
            return
        now = time.monotonic()
        if self._due is None:
            self._pause = (
                min(self._pause * 2, _LONGEST_PAUSE_SECONDS) if now - self._started < _SOON_SECONDS else 1.0
            )
            self._due = now + self._pause
            self._say(f"has ended with {code}; it is started again in {self._pause:.0f} s")
        elif now >= self._due:
            self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "airflow", self._name],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            preexec_fn=ends_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one system call, of a library that is loaded
        )
        self._started = time.monotonic()
        self._due = None
        self._say(f"is started, process {self._process.pid}")

    def _say(self, what: str) -> None:
        self._log.write(f"supervisor: the {self._name} {what}\n".encode())
        self._log.flush()


class _EndAskedError(Exception):
    """Somebody wants all of it to end."""


def main(home: Path, mark: str, *, bound: bool) -> None:
    """Keep the parts alive until the end."""
    for request in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(request, _ask)
    stack = Started(MARK, mark, os.getpid())
    watch = guard(stack)
    try:
        with (home / "standalone.log").open("ab") as log:
            parts = [_Part(name, log) for name in PARTS]
            while not (bound and _is_closed()):
                for part in parts:
                    part.keep_alive()
                if watch.poll() is not None:
                    watch = guard(stack)
                if not bound:
                    time.sleep(_LOOK_SECONDS)
    except _EndAskedError:
        pass
    finally:
        for request in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(request, signal.SIG_IGN)
        stack.end(but=(os.getpid(), watch.pid))


def _is_closed() -> bool:
    """Whether stdin has come to its end; waits a moment for it."""
    readable, _, _ = select.select([sys.stdin], [], [], _LOOK_SECONDS)
    return bool(readable) and not os.read(sys.stdin.fileno(), 1)


def _ask(_request: int, _frame: object) -> None:
    raise _EndAskedError


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], bound="--bound" in sys.argv)
