"""Events are delivered at least once: a repeated one is a warning; a repeated transaction stops the run."""

import pytest

from include.tidemark.families.family import Family
from include.tidemark.pipeline import check
from tests.validation.world import World

EVENT = """
    insert into raw.events values ('event-1', 'secret-user-1', 'login', timestamp '2026-10-31 12:00:00', null, null, null,
        timestamp '2026-11-01 03:00:00')
"""


@pytest.fixture(autouse=True)
def _a_family_that_needs_events(monkeypatch: pytest.MonkeyPatch) -> None:
    family = Family(
        name="customer_segments",
        sources=("users", "events", "transactions"),
        questions=(),
        overview="data/x.csv",
    )
    monkeypatch.setattr(check, "families_of", lambda run: [family])


def test_an_event_that_arrives_once_is_no_failure(world: World) -> None:
    world.sql(EVENT)
    assert world.failures("sources") == {}


def test_an_event_that_arrives_twice_is_a_warning_that_counts_it(world: World) -> None:
    world.sql(EVENT, EVENT)
    assert set(world.failures("sources")) == {"duplicate_event_id"}
    severity, message = world.failures("sources")["duplicate_event_id"]
    assert severity == "warning"
    assert "raw.events.event_id" in message and "(1 rows too many)" in message and "counted once" in message


def test_an_event_without_an_id_stops_the_run(world: World) -> None:
    world.sql(EVENT, "update raw.events set event_id = null")
    assert world.failures("sources")["null_event_id"][0] == "critical"


@pytest.mark.parametrize(("table", "column"), [("transactions", "transaction_id"), ("users", "user_id")])
def test_other_ids_may_not_repeat(world: World, table: str, column: str) -> None:
    world.sql(EVENT, f"insert into raw.{table} select * from raw.{table} limit 1")
    assert world.failures("sources")[f"duplicate_{column}"][0] == "critical"
