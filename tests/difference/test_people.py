"""Users who came, went or moved are counted as a comparison by hand counts them."""

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.tidemark.difference.people import people_changes
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse

SEGMENTS = st.one_of(st.none(), st.sampled_from(["A", "B", "C"]))
PEOPLE = st.dictionaries(st.sampled_from([f"u{n}" for n in range(12)]), SEGMENTS, min_size=1)
DAY = date(2026, 11, 1)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    path = tmp_path_factory.mktemp("people") / "w.duckdb"
    with open_warehouse(Settings(duckdb_path=path)) as opened:
        opened.execute("create schema runs")
        opened.execute(
            "create table runs.customer_segments (as_of_date date, run_key varchar, customer_id varchar, customer_segment varchar)"
        )
        opened.execute(
            "create table runs.segment_members (as_of_date date, run_key varchar, segmentation varchar, user_id varchar, segment varchar)"
        )
        yield opened


def write(warehouse, run_key, people):
    rows = [
        {"as_of_date": DAY, "run_key": run_key, "customer_id": user, "customer_segment": segment}
        for user, segment in people.items()
    ]
    warehouse.execute("delete from runs.customer_segments where run_key = ?", (run_key,))
    warehouse.insert("runs.customer_segments", rows)


@given(earlier=PEOPLE, later=PEOPLE)
def test_the_counts_and_the_users_are_those_of_a_comparison_by_hand(warehouse, earlier, later):
    write(warehouse, "one", earlier)
    write(warehouse, "two", later)
    (found,) = people_changes(warehouse, "one", "two", ids=True)
    came, went = later.keys() - earlier.keys(), earlier.keys() - later.keys()
    moved = {user for user in earlier.keys() & later.keys() if earlier[user] != later[user]}
    assert (found.earlier, found.later) == (len(earlier), len(later))
    assert (found.added, found.gone, found.moved) == (len(came), len(went), len(moved))
    assert [user.user_id for user in found.users] == sorted(came | went | moved)
    moves = Counter((earlier.get(user), later.get(user)) for user in came | went | moved)
    counted = Counter()
    for move in found.moves:
        counted[move.from_segment, move.to_segment] += move.users
    assert counted == moves
    sizes = {size.segment: (size.earlier, size.later) for size in found.segments}
    then, now = Counter(earlier.values()), Counter(later.values())
    assert sizes == {segment: (then[segment], now[segment]) for segment in {*then, *now}}


def test_users_are_named_only_where_ids_are_asked_for(warehouse):
    write(warehouse, "one", {"u1": "A"})
    write(warehouse, "two", {"u1": "B"})
    (found,) = people_changes(warehouse, "one", "two", ids=False)
    assert found.users is None
    assert "u1" not in found.model_dump_json()


def test_a_segmentation_that_one_run_lacks_has_nothing_to_compare(warehouse):
    write(warehouse, "one", {"u1": "A"})
    assert people_changes(warehouse, "one", "none of it", ids=False) == []


def test_segmentations_of_the_deployment_are_compared_each_for_itself(warehouse):
    for run_key, name, segment in (
        ("one", "loyalty", "x"),
        ("two", "loyalty", "y"),
        ("one", "size", "x"),
        ("two", "size", "x"),
    ):
        row = {
            "as_of_date": DAY,
            "run_key": run_key,
            "segmentation": name,
            "user_id": "u",
            "segment": segment,
        }
        warehouse.insert("runs.segment_members", [row])
    found = {each.segmentation: each for each in people_changes(warehouse, "one", "two", ids=False)}
    assert (found["loyalty"].moved, found["size"].moved) == (1, 0)
