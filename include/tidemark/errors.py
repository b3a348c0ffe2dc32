"""The errors that a person is meant to read."""


class TidemarkError(Exception):
    """Something that the deployment, the data or the caller has to change.

    The message is one sentence or two: what is wrong, where, and what to do. It never holds a secret or a
    row's content that could identify a user. Retrying the same input gives the same error.
    """

    def __init__(self, message: str = "") -> None:
        """Take the message; signs of the names in it that would steer a terminal or turn a line around are
        escaped."""
        super().__init__(
            "".join(sign if sign.isprintable() or sign == "\n" else repr(sign)[1:-1] for sign in message)
        )


class SettingsError(TidemarkError):
    """A setting or a rule has no usable value."""


class ContradictionError(ValueError):
    """Keys of a file that contradict each other, or the place where they stand."""

    def __init__(self, message: str, *keys: str) -> None:
        """Name the keys that may be changed, the likeliest first."""
        super().__init__(message)
        self.keys = keys


class SourceError(TidemarkError):
    """A source table or a landing file does not keep its contract."""


class RunIdentityError(TidemarkError):
    """The run's as-of date or key can't be resolved, or may not be used."""


class NothingToDoError(RunIdentityError):
    """What the schedule asks for has been done by another of its runs."""


class GateError(TidemarkError):
    """A critical expectation failed, so this run may not be published."""


def code_of(error: Exception) -> str:
    """The number that a driver or the system gives an error; its words may hold an address, a user or a
    row."""
    code = getattr(error, "errno", None)
    return f" ({code})" if isinstance(code, int) and code > 0 else ""
