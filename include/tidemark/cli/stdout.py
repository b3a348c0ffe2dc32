"""What a command prints, where it can't be written: told as an error of ours, so that it is not taken for
another file's."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TextIO, cast

from include.tidemark.errors import TidemarkError


class OutputError(TidemarkError):
    """What the command printed could not be written."""


@contextmanager
def told_output() -> Iterator[None]:
    """All that is printed within the block is written at its end.

    Raises:
        BrokenPipeError: its reader has gone.
        OutputError: it can't be written for another reason, such as a full device.
        TidemarkError: stdout is closed; the block was not entered.
    """
    if sys.stdout is None:
        raise TidemarkError(
            "stdout is closed, so there is nowhere to print to; send it to a file, or to /dev/null."
        )
    output = cast("TextIO", _Output(sys.stdout))
    try:
        with redirect_stdout(output):
            try:
                yield
            except SystemExit:  # help was printed
                output.flush()
                raise
            output.flush()
    except (BrokenPipeError, OutputError):
        # Python would complain of what is left once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


class _Output:
    """A stream that gives the system's errors a sentence."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with _told():
            return self._stream.write(text)

    def flush(self) -> None:
        with _told():
            self._stream.flush()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise OutputError(
            f"what this command printed could not be written ({why}); make room, or send it elsewhere. What else it did is done."
        ) from None
