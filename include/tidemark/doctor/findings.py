"""What a check found, in one line: is it right, and if not, what to do."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from include.tidemark.errors import TidemarkError, code_of

if TYPE_CHECKING:
    from include.tidemark.doctor.examination import Examination

State = Literal["ok", "warning", "wrong"]
"""ok also where there is nothing to look at, which `found` then says; a run is stopped by what is wrong, or
gives wrong numbers."""

AGAIN = "Correct that first, and run `tidemark doctor` again."
_FEW = 2
"""So few lines about what was not looked at stay as they are."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    """What was looked at, in a word or two."""
    state: State
    found: str
    action: str = ""
    """What to do; empty where nothing is to be done."""
    unseen: str = ""
    """Why nothing could be looked at, where another finding says what is wrong."""


@dataclass(frozen=True)
class Check:
    """One kind of thing that is looked at."""

    title: str
    look: Callable[["Examination"], Iterable[Finding]]

    @property
    def looks_at(self) -> str:
        """What it looks at, as a line of the documentation: what the function says of itself."""
        return " ".join((self.look.__doc__ or "").split())


class CannotLookError(Exception):
    """Something that a check needs is itself wrong, and another check says so."""


def findings_of(check: Check, examination: "Examination") -> Iterator[Finding]:
    """What a check finds. Whatever goes wrong in it is a finding, too, without words that may hold data or a
    secret."""
    try:
        yield from check.look(examination)
    except CannotLookError as reason:
        yield unseen(check.title, reason)
    except TidemarkError as error:
        yield wrong(check.title, error)
    except Exception as error:
        yield Finding(
            check.title,
            "wrong",
            f"It could not be looked at: an unexpected {type(error).__name__}{code_of(error)}.",
            "Correct what is wrong above; if nothing is, report this with the kind of the error.",
        )


def unseen(subject: str, reason: CannotLookError) -> Finding:
    """What a check says that can't look for want of something that another one is about."""
    return Finding(subject, "warning", f"Not looked at: {reason}.", AGAIN, unseen=str(reason))


def folded(findings: Sequence[Finding]) -> list[Finding]:
    """The same, but all that was not looked at in one line at the end: which checks, and why."""
    subjects: dict[str, list[str]] = {}
    for finding in findings:
        if finding.unseen:
            subjects.setdefault(finding.unseen, []).append(finding.subject)
    seen = [finding for finding in findings if not finding.unseen]
    if len(findings) - len(seen) < _FEW:
        return list(findings)
    why = " ".join(f"{', '.join(named)}: {reason}." for reason, named in subjects.items())
    return [*seen, Finding("not looked at", "warning", why, AGAIN)]


def wrong(subject: str, error: TidemarkError | str, state: State = "wrong") -> Finding:
    """An error of the project as a finding: the end of its message is what to do."""
    found, action = _parted(str(error))
    return Finding(subject, state, found, action)


def counts(findings: Sequence[Finding]) -> dict[State, int]:
    """Number of findings in each state."""
    found = Counter(finding.state for finding in findings)
    return {"ok": found["ok"], "warning": found["warning"], "wrong": found["wrong"]}


def _parted(message: str) -> tuple[str, str]:
    """What is wrong and what to do.

    >>> _parted("The file a.csv is empty; upload it again, whole.")
    ('The file a.csv is empty.', 'Upload it again, whole.')
    >>> _parted("The key is not set. Set it to a secret.")
    ('The key is not set.', 'Set it to a secret.')
    >>> _parted("The key is not set.")
    ('The key is not set.', 'Correct it.')
    """
    for mark in ("; ", ". "):
        found, _, action = message.strip().rpartition(mark)
        if found:
            return f"{found.rstrip('.')}.", f"{action[:1].upper()}{action[1:]}"
    return message.strip(), "Correct it."
