"""All that a process has started, whatever became of its parents, and how all of it ends: also when the
process is killed.

    python -m include.tidemark.cli.started NAME VALUE [SESSION]

is the guard: it waits until whoever started it is gone, and then ends every process that was started under
the mark.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import psutil

from include.tidemark.parent_death import end_with_parent

_MARK = "TIDEMARK_STARTED_BY"
_STOP_SECONDS = 6
"""After which what still lives is ended without being asked: a worker of Airflow's waits for its task, which
may be a dbt."""
_ASK_AGAIN_SECONDS = 2


class Started(NamedTuple):
    """What to look for: a variable that every process inherits, and the session of them all, where they have
    one."""

    name: str
    value: str
    session: int | None = None

    def processes(self, but: Sequence[int] = ()) -> list[psutil.Process]:
        """The living ones: by the mark, by the session, and whatever descends from those.

        No sign alone is enough: a process that sets its title overwrites its environment, and a task's
        supervisor may leave the session; a descendant whose parent has died is found by the mark or the
        session.

        Args:
            but: ids that are left out.
        """
        found: dict[int, psutil.Process] = {}
        for process in psutil.process_iter():
            try:
                if process.environ().get(self.name) == self.value or os.getsid(process.pid) == self.session:
                    found |= {each.pid: each for each in (process, *process.children(recursive=True))}
            except (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
                continue
        return [process for process in found.values() if process.pid not in but and _is_alive(process)]

    def end(self, but: Sequence[int] = ()) -> int:
        """Ask them to end, again and again, and at last end them; returns how many there were."""
        ended: set[int] = set()
        deadline = time.monotonic() + _STOP_SECONDS
        ask = signal.SIGTERM
        while living := self.processes(but):
            ended.update(process.pid for process in living)
            for process in living:
                try:
                    process.send_signal(ask)
                except psutil.NoSuchProcess:
                    continue
            psutil.wait_procs(living, timeout=_ASK_AGAIN_SECONDS)
            ask = signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL
        return len(ended)


def guard(started: Started) -> "subprocess.Popen[bytes]":
    """Let a process of its own end all of them when this one is gone, however it ends: it sees the end of a
    pipe."""
    arguments = [started.name, started.value, *([str(started.session)] if started.session else [])]
    return subprocess.Popen(
        [sys.executable, "-m", __name__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def run_whole(main: Callable[[], int | None]) -> None:
    """Run a program such that all that it starts ends with it: on Ctrl-C, SIGTERM, SIGHUP, kill -9, and with
    its parent.

    Raises:
        SystemExit: the program's exit code.
    """
    from include.tidemark.cli.process import end_on_request

    end_on_request()
    end_with_parent(signal.SIGTERM)
    started = Started(_MARK, secrets.token_hex(8))
    os.environ[started.name] = started.value
    watch = guard(started)
    try:
        code = main()
    except KeyboardInterrupt:
        code = 130
    finally:
        started.end(but=(os.getpid(), watch.pid))
    sys.exit(code)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _main() -> None:
    name, value, *session = sys.argv[1:]
    for request in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(request, signal.SIG_IGN)  # it ends when there is nothing left to guard
    sys.stdin.buffer.read()
    Started(name, value, int(session[0]) if session else None).end(but=(os.getpid(),))


if __name__ == "__main__":
    _main()
