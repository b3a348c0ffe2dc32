"""No traceback on any input: what ends a command becomes one sentence and an exit code."""

import sys
import traceback
from collections.abc import Callable

from include.tidemark.cli.process import asked_to_end
from include.tidemark.cli.stdout import OutputError, told_output
from include.tidemark.errors import TidemarkError
from include.tidemark.kept_logs import keep_log

FAILED, REFUSED, INTERRUPTED, CLOSED_PIPE = 1, 2, 130, 141
"""Exit codes; the last two are those by which shells know of a Ctrl-C and of a reader that went away."""

_TELLING = (
    ArithmeticError, AssertionError, AttributeError, ImportError, NameError, NotImplementedError, TypeError, OSError,
)  # fmt: skip
"""Python's own errors whose message is about code or files. That of any other, such as a database's, may hold
a row's content or a password."""


class FailedError(TidemarkError):
    """What was begun has failed: exit code 1, where another TidemarkError says that it could not begin."""


def guarded(command: Callable[[], int]) -> int:
    """Run a command; returns its exit code, whatever happens in it."""
    try:
        with told_output():
            code = command()
    except KeyboardInterrupt as interruption:
        say(str(interruption) or "interrupted.")
        return INTERRUPTED
    except TidemarkError as error:
        say(str(error))
        return FAILED if isinstance(error, FailedError | OutputError) else REFUSED
    except BrokenPipeError:
        return CLOSED_PIPE  # the reader (`| head`) has seen enough
    except Exception as error:
        if asked_to_end():
            say("interrupted.")
            return INTERRUPTED
        about = (
            f" ({error.strerror}: {error.filename})" if isinstance(error, OSError) and error.filename else ""
        )
        say(f"an unexpected {type(error).__name__}{about} stopped the command; {_where_to_look(error)}")
        return FAILED
    return code


def say(sentence: str) -> None:
    """Print one sentence about what went wrong."""
    print(f"tidemark: {sentence}", file=sys.stderr)


def _where_to_look(error: Exception) -> str:
    log = keep_log("tidemark", _trace(error).encode())
    return f"where it happened is in {log}." if log else "no log could be written."


def _trace(error: BaseException) -> str:
    """The traceback of an error and of those behind it, without messages that may hold data."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = f"{_trace(cause)}\nafter which:\n\n" if cause else ""
    tells = isinstance(error, TidemarkError) or (
        isinstance(error, _TELLING) and type(error).__module__ == "builtins"
    )
    message = str(error) if tells else "(its message may hold data and is left out)"
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{before}Traceback (most recent call last):\n{frames}{type(error).__module__}.{type(error).__qualname__}: {message}\n"
