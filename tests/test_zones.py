"""Names of time zones that both warehouses know."""

import duckdb
import pytest

from include.tidemark.zones import known_zone, zones


@pytest.mark.parametrize(
    ("text", "near"),
    [("Europe/Berln", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("berlin", "Europe/Berlin"), ("new york", "America/New_York")],
)  # fmt: skip
def test_an_unknown_zone_is_refused_with_the_nearest(text, near):
    with pytest.raises(ValueError, match=f"did you mean {near}"):
        known_zone(text)


@pytest.mark.parametrize("name", ["localtime", "Factory", "posixrules", "posix/Europe/Berlin", "nonsense"])
def test_a_name_that_is_no_zone_of_both_warehouses_is_refused(name):
    with pytest.raises(ValueError, match="is not an IANA time zone"):
        known_zone(name)


def test_duckdb_converts_to_every_zone_that_is_allowed():
    with duckdb.connect() as engine:
        for name in sorted(zones()):
            engine.execute("select timezone(?, timestamptz '2026-06-01 00:00:00+00')", [name])
