"""Which numbers differ between two runs, and on what the verdict stands."""

from datetime import date

import pytest

from include.tidemark.difference.numbers import number_changes
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables

DAY = date(2026, 11, 1)


@pytest.fixture
def warehouse(tmp_path):
    with open_warehouse(Settings(duckdb_path=tmp_path / "w.duckdb")) as opened:
        ensure_control_tables(opened)
        yield opened


def number(warehouse, run_key, estimate, half=0.01, metric="share", **more):
    ends = {} if half is None or estimate is None else {"ci_low": estimate - half, "ci_high": estimate + half}
    known = {"confidence_level": 0.95, "method": "wilson", "is_primary": True}
    row = {"as_of_date": DAY, "run_key": run_key, "family": "f", "metric": metric, "estimate": estimate}
    warehouse.insert("runs.statistics", [row | ends | known | more])


def paired(warehouse, p_adjusted, trust="ok"):
    row = {
        "as_of_date": DAY, "run_key": "two", "family": "f", "comparison": "previous", "earlier_run_key": "one",
        "metric": "share", "kind": "share", "method": "paired_users", "trust": trust, "p_adjusted": p_adjusted,
    }  # fmt: skip
    warehouse.insert("runs.changes", [row])


def counts(found):
    return found.compared, found.differing, len(found.beyond_noise), found.unjudged


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        (0.20, 0.20, (1, 0, 0, 0)),
        (0.20, 0.20 + 1e-15, (1, 0, 0, 0)),
        (0.20, 0.21, (1, 1, 0, 0)),
        (0.20, 0.30, (1, 1, 1, 0)),
        (None, None, (1, 0, 0, 0)),
        (None, 0.30, (1, 1, 0, 1)),
        (0.20, None, (1, 1, 0, 1)),
    ],
)
def test_a_number_is_beyond_noise_where_its_two_intervals_are_too_far_apart(warehouse, then, now, expected):
    number(warehouse, "one", then)
    number(warehouse, "two", now)
    assert counts(number_changes(warehouse, "one", "two", 0.05)) == expected


def test_a_number_without_an_interval_that_differs_is_counted_and_not_judged(warehouse):
    number(warehouse, "one", 100, half=None)
    number(warehouse, "two", 900, half=None)
    assert counts(number_changes(warehouse, "one", "two", 0.05)) == (1, 1, 0, 1)


def test_an_interval_that_does_not_hold_its_number_judges_nothing(warehouse):
    number(warehouse, "one", 0.2, ci_low=0.3, ci_high=0.4)
    number(warehouse, "two", 0.9)
    assert counts(number_changes(warehouse, "one", "two", 0.05)) == (1, 1, 0, 1)


@pytest.mark.parametrize(("p_adjusted", "trust", "beyond", "unjudged"), [(0.001, "ok", 1, 0), (0.4, "ok", 0, 0), (0.001, "caution", 0, 1)])  # fmt: skip
def test_where_the_later_run_compared_the_same_people_its_verdict_holds_and_not_that_of_the_intervals(
    warehouse, p_adjusted, trust, beyond, unjudged
):
    far_apart = 0.9 if beyond == 0 else 0.201
    number(warehouse, "one", 0.2)
    number(warehouse, "two", far_apart)
    paired(warehouse, p_adjusted, trust)
    found = number_changes(warehouse, "one", "two", 0.05)
    assert counts(found) == (1, 1, beyond, unjudged)
    assert [each.judged_on for each in found.beyond_noise] == ["the same people"] * beyond


def test_many_numbers_that_differ_by_chance_are_adjusted_for(warehouse):
    """One in twenty differences of nothing has p < 0.05: alone it would count, among the others it does
    not."""
    apart = 0.0285  # p = 0.048
    number(warehouse, "one", 0.2)
    number(warehouse, "two", 0.2 + apart / 2**0.5)
    assert counts(number_changes(warehouse, "one", "two", 0.05))[2] == 1
    for other in range(19):
        number(warehouse, "one", 0.2, metric=f"m{other}")
        number(warehouse, "two", 0.201, metric=f"m{other}")
    assert counts(number_changes(warehouse, "one", "two", 0.05)) == (20, 20, 0, 0)


def test_numbers_that_one_run_lacks_and_other_methods_of_a_number_are_no_differences(warehouse):
    number(warehouse, "one", 0.2, metric="gone")
    number(warehouse, "two", 0.2, metric="new")
    for run_key, estimate in (("one", 0.2), ("two", 0.9)):
        number(warehouse, run_key, estimate, metric="aside", method="other", is_primary=False)
    found = number_changes(warehouse, "one", "two", 0.05)
    assert (counts(found), found.only_earlier, found.only_later) == ((0, 0, 0, 0), 1, 1)
