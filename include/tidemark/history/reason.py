"""Why somebody did something, as it is kept in the ledger."""

from include.tidemark.errors import RunIdentityError

_LONGEST = 500


def checked_reason(text: str | None) -> str | None:
    r"""The reason in one line, without blanks around it; None where there is none.

    Raises:
        RunIdentityError: it is longer than the ledger should keep.

    >>> checked_reason("  late file\nof the shop  "), checked_reason("  ")
    ('late file of the shop', None)
    """
    said = " ".join((text or "").split())
    if len(said) > _LONGEST:
        raise RunIdentityError(
            f"The reason has {len(said)} characters; say it in {_LONGEST} or fewer, and name no person."
        )
    return said or None


def required_reason(text: str | None, act: str) -> str:
    """The reason, where an act needs one.

    Args:
        act: what is about to be done, as the begin of a sentence.

    Raises:
        RunIdentityError: there is none, or it is too long.
    """
    reason = checked_reason(text)
    if reason is None:
        raise RunIdentityError(
            f"{act} needs a reason, which the ledger keeps; say it in a few words, or look first at what would change."
        )
    return reason
