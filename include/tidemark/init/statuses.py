"""What shops and payment services call the states of a purchase."""

from dataclasses import dataclass
from functools import cache

from include.tidemark.init.names import joined, vocabulary, words


@dataclass(frozen=True)
class Status:
    """One of the contract's three words."""

    status: str
    doubt: str = ""


_STATUSES = {
    "refunded": Status(
        "declined",
        "refunded purchases count as none; if refunds are rows of their own with negative amounts, write posted",
    ),
    "refunded_in_part": Status("posted", "purchases that were refunded or paid in part count in full"),
}


def known_status(value: str) -> Status | None:
    """What a value means.

    >>> known_status("Paid").status, known_status("in Bearbeitung").status, known_status("refunded").status, known_status("7")
    ('posted', 'pending', 'declined', None)
    """  # noqa: W505
    return _by_word().get(joined(value))


@cache
def _by_word() -> dict[str, Status]:
    return {
        word: _STATUSES.get(name, Status(name))
        for name in vocabulary()["statuses"]
        for word in words("statuses", name)
    }
