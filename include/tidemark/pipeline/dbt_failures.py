"""What failed in a dbt process, out of what it printed: which test found how many rows, which model could not
be built."""

import re
from collections.abc import Iterable

_TEST = re.compile(r"\bFailure in test (\w+)")
_ROWS = re.compile(r"\bGot (\d+) results?, configured to fail")
_ERROR = re.compile(r"\b(\w+) Error in (model|test|seed|snapshot) (\w+)")
_NAMED = 3


def failures_in(messages: Iterable[str]) -> str:
    """The failures in a sentence without a full stop; empty where dbt names none, as when it was killed.

    >>> failures_in(["Failure in test not_null_x (models/x.yml)", "  Got 3 results, configured to fail if != 0"])
    '3 rows fail the test not_null_x'
    >>> failures_in(["20:11:02    Database Error in model stg_users (models/staging/stg_users.sql)"])
    'the model stg_users failed (Database Error)'
    """  # noqa: W505
    found: dict[str, str] = {}
    test = ""
    for message in messages:
        if failed := _TEST.search(message):
            test = failed[1]
            found[test] = f"the test {test} failed"
        if test and (rows := _ROWS.search(message)):
            number = int(rows[1])
            found[test] = f"{number:,} row fails" if number == 1 else f"{number:,} rows fail"
            found[test] += f" the test {test}"
            test = ""
        if error := _ERROR.search(message):
            kind, what, name = error.groups()
            found[name] = f"the {what} {name} failed ({kind} Error)"
    more = len(found) - _NAMED
    named = list(found.values())[:_NAMED]
    return ", ".join([*named, f"and {more} more"] if more > 0 else named)
