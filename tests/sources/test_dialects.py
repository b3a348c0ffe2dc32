"""Formats in the words of the warehouses."""

import pytest

from include.tidemark.sources.dialects import snowflake_format


@pytest.mark.parametrize(
    ("form", "theirs"),
    [
        ("%d.%m.%Y %H:%M", "DD.MM.YYYY HH24:MI"),
        ("%Y-%m-%dT%H:%M:%S.%fZ", 'YYYY-MM-DD"T"HH24:MI:SS.FF"Z"'),
        ("%m/%d/%y %I:%M %p", "MM/DD/YY HH12:MI AM"),
        ("%d %b %Y at %B", 'DD MON YYYY "at" MMMM'),
        ("%Y-%m-%d %H:%M:%S%z", "YYYY-MM-DD HH24:MI:SSTZHTZM"),
        ("%d.%m.%Y 100%%", "DD.MM.YYYY 100%"),
    ],
)
def test_a_format_in_snowflake_s_words(form: str, theirs: str) -> None:
    assert snowflake_format(form) == theirs
