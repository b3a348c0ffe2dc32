"""A first month that says nothing is published with a warning that names the command which helps."""

import pytest

from include.tidemark.segmentations.shipped import shipped
from tests.validation.world import World

SUITE = "models.customer_segments_usefulness"
COMMAND = "`tidemark suggest-rules --as-of 2026-11-01`"


def into_one_segment(world: World, share: int) -> None:
    """Leave that many customers of ten in the last segment, the others in Budget-Conscious."""
    world.sql(
        "update runs.customer_segments set customer_segment ="
        f" if(split_part(customer_id, '-', 3)::integer % 10 < {share}, 'Stable Mid-Spenders', 'Budget-Conscious')"
    )


def test_a_segment_of_more_than_nine_in_ten_is_warned_of_by_name(world: World) -> None:
    into_one_segment(world, 10)
    severity, message = world.failures("models")["largest_share_pct"]
    assert severity == "warning"
    assert message.startswith("The largest segment (Stable Mid-Spenders) holds 100 % of the customers")
    assert COMMAND in message


def test_a_segment_of_exactly_nine_in_ten_is_not(world: World) -> None:
    into_one_segment(world, 9)
    assert "largest_share_pct" not in world.failures("models")
    assert world.observed("models", "largest_share_pct") == 90


@pytest.mark.parametrize(
    ("rule", "value", "name"),
    [
        ("audience_high_value_min_avg_monthly_spend", 5333.34, "high_value_travelers"),
        ("audience_declining_min_lifetime_value", 4500.01, "declining"),
        ("audience_new_growing_min_avg_monthly_spend", 600.01, "new_and_growing"),
    ],
)
def test_an_audience_that_nobody_reaches_is_warned_of_by_name(
    world: World, rule: str, value: float, name: str
) -> None:
    world.with_rules(**{rule: value})
    failed = world.failures("models")
    assert set(failed) == {f"audience_{name}"}
    severity, message = failed[f"audience_{name}"]
    assert severity == "warning"
    assert message.startswith(f"The audience {name} is empty")
    assert COMMAND in message
    world.with_rules(**{rule: value - 0.01})
    assert world.failures("models") == {}


def test_an_audience_without_a_threshold_is_empty_with_its_segment(world: World) -> None:
    world.sql(
        "update runs.customer_segments set customer_segment = 'Stable Mid-Spenders' where customer_segment = 'Budget-Conscious'"
    )
    assert world.failures("models")["audience_budget_conscious"][0] == "warning"


def test_a_later_month_has_no_such_checks(world: World) -> None:
    world.after_previous()
    into_one_segment(world, 10)
    assert not {name for name in world.failures("models") if name.startswith(("largest", "audience"))}
    assert world.rows(f"select * from control.gate_results where suite = '{SUITE}'") == []


def test_every_audience_is_checked(world: World) -> None:
    world.check("models")
    found = world.rows(f"select expectation from control.gate_results where suite = '{SUITE}'")
    names = {f"audience_{audience.name}" for audience in shipped("customer_segments").audiences}
    assert {name for (name,) in found} == {"largest_share_pct"} | names
