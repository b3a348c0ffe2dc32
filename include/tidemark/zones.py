"""Names of time zones, as the IANA list and both warehouses know them."""

import difflib
from functools import cache
from zoneinfo import available_timezones

_OF_THE_MACHINE = ("localtime", "Factory", "posixrules")
"""Names that Python finds among the zones and that name none."""


@cache
def zones() -> frozenset[str]:
    """Every name."""
    return frozenset(
        name
        for name in available_timezones()
        if name not in _OF_THE_MACHINE and not name.startswith(("posix/", "right/"))
    )


def known_zone(value: str) -> str:
    """The name of a zone.

    Raises:
        ValueError: there is no such zone; the message names the nearest.
    """
    if value in zones():
        return value
    by_case = {name.lower(): name for name in zones()}
    endings = {name.rpartition("/")[2]: name for name in by_case}
    near = difflib.get_close_matches(value.lower(), by_case, n=1) or [
        endings[city] for city in difflib.get_close_matches(value.lower().replace(" ", "_"), endings, n=1)
    ]
    hint = f"; did you mean {by_case[near[0]]}?" if near else " such as America/New_York"
    raise ValueError(f"{value!r} is not an IANA time zone{hint}")
