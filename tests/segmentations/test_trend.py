"""The trend over months, and what was published of the first ones, against every member's own rows."""

import numpy as np
import pandas as pd
import pytest

from include.tidemark.pipeline.compare import compare
from include.tidemark.statistics.change import Number
from tests.segmentations.conftest import FIRST, SECOND
from tests.statistics.months import UserMonths

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def third(world):
    """A third month beside the two that are published, in which some moved on and some are gone, with its
    changes."""
    run = world.unpublished(SECOND, "0123abcf")
    world.execute(
        "update runs.segment_members set segment = 'Champions' where run_key = ? and hash(user_id) % 9 = 0 and segmentation = 'loyalty'",
        run.run_key,
    )
    world.execute(
        "delete from runs.user_engagement where run_key = ? and hash(user_id) % 11 = 0", run.run_key
    )
    months = tuple(
        {"as_of_date": world.runs[as_of].as_of_date, "run_key": world.runs[as_of].run_key}
        for as_of in (FIRST, SECOND)
    )
    run = type(run).model_validate(
        run.model_dump()
        | {"months_by_family": {"loyalty": months, "engagement": months, "customer_segments": months[1:]}}
        | {"rules": run.rules.model_dump() | {"trend_months": 3}}
    )
    compare(run, world.settings)
    yield run
    world.execute("delete from runs.changes where run_key = ?", run.run_key)


def members(world, third, table, segment, feature, scale, codes):
    """The people of the three months, as arrays."""
    keys = [*(world.runs[as_of].run_key for as_of in (FIRST, SECOND)), third.run_key]
    rows = pd.concat(
        [pd.DataFrame(world.query(f"select * from ({table}) where run_key = ?", key)) for key in keys]
    )
    by = rows.set_index(["user_id", "run_key"]).unstack("run_key")
    segments = by[segment][keys].map(lambda name: codes.get(name, 99) if isinstance(name, str) else 0)
    amounts = (by[feature][keys].astype(float) * scale).round().fillna(0)
    return UserMonths(segments.to_numpy(int), amounts.to_numpy().astype(np.int64))


@pytest.mark.parametrize(
    ("family", "table", "segment", "feature", "scale", "mean", "named"),
    [
        ("loyalty", "select m.run_key, m.user_id, m.segment, f.spend_last_90_days from runs.segment_members as m join"
         " runs.user_features as f using (run_key, user_id) where segmentation = 'loyalty'",
         "segment", "spend_last_90_days", 100, "mean_spend_last_90_days", "Champions"),
        ("engagement", "select run_key, user_id, revenue_segment, revenue_last_90_days from runs.user_engagement",
         "revenue_segment", "revenue_last_90_days", 100, "mean_revenue_90d", "minnow"),
    ],
)  # fmt: skip
def test_a_trend_is_that_of_the_members_of_the_published_months(
    world, third, family, table, segment, feature, scale, mean, named
):
    people = members(world, third, table, segment, feature, scale, {named: 1})
    rows = world.query(
        "select * from runs.changes where run_key = ? and comparison = 'trend' and family = ? and segment = ?",
        third.run_key,
        family,
        named,
    )
    found = {row["metric"]: row for row in rows}
    for metric, form in (("segment_share", "share"), (mean, "mean"), ("members", "count")):
        row, expected = found[metric], people.slope(Number(metric, form, "", "1", "1", scale))
        assert row["change"] == pytest.approx(expected.value, rel=1e-9)
        assert (row["estimate"], row["earlier_estimate"]) == pytest.approx(
            (expected.now.value, expected.earlier.value)
        )
        assert (row["n_both"], row["n_joined"], row["n_left"]) == expected.behind
        shown = (row["detectable_change"] - (row["ci_high"] - row["ci_low"]) / 2) / 0.8416212335729143
        assert shown == pytest.approx(expected.standard_error, rel=1e-6)
        assert (row["months"], row["method"]) == (3, "slope_of_users")
        assert (row["earlier_as_of_date"], row["is_comparable"]) == (FIRST, True)


def test_two_months_are_no_trend_and_say_so(world, third):
    changes = world.table(SECOND, "data/changes.csv")
    trend = changes[changes["comparison"] == "trend"]
    assert set(trend["reason"]) == {"too_few_months"}
    assert trend[["change", "months", "earlier_as_of_date", "is_comparable"]].isna().all(axis=None)
    reasons = world.query(
        "select distinct reason from runs.changes where run_key = ? and comparison = 'trend' and family = 'customer_segments'",
        third.run_key,
    )
    assert reasons == [{"reason": "too_few_months"}], "the two months before it have a gap"


def test_the_gate_passes_the_trend_and_stops_one_that_lost_its_months(world, third):
    def failed(damage: str) -> set[str]:
        compare(third, world.settings)
        world.execute(f"{damage} where run_key = ? and comparison = 'trend'", third.run_key)
        return world.failed_checks("statistics", third, "statistics.changes")

    assert failed("update runs.changes set months = months") == set()
    assert failed("update runs.changes set months = null") == {"trend_over_other_months"}
