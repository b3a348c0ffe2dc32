"""Changes between two published months, against every member's own two rows."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from tests.segmentations.conftest import FIRST, SECOND

pytestmark = pytest.mark.timeout(900)


def two_months(world, path: str, person: str) -> pd.DataFrame:
    """One row per person of either month; columns end in _then and _now."""
    then, now = (world.table(as_of, path).set_index(person) for as_of in (FIRST, SECOND))
    return then.join(now, how="outer", lsuffix="_then", rsuffix="_now")


def error_of(pairs: pd.DataFrame, y0: pd.Series, x0: pd.Series, y1: pd.Series, x1: pd.Series) -> float:
    """The standard error of the change of sum y / sum x, from the influence of each person behind it."""
    influence = (y1 - y1.sum() / x1.sum() * x1) / x1.sum() - (y0 - y0.sum() / x0.sum() * x0) / x0.sum()
    users = int(((x0 != 0) | (x1 != 0)).sum())
    return math.sqrt((influence**2).sum() * users / (users - 1))


@pytest.mark.parametrize(
    ("family", "path", "person", "segment", "mean", "feature"),
    [
        ("customer_segments", "data/customer_segments.csv", "customer_id", "customer_segment", "mean_spend_90d", "spend_last_90_days"),
        ("loyalty", "data/loyalty.csv", "user_id", "segment", "mean_spend_last_90_days", "spend_last_90_days"),
        ("by_platform", "data/by_platform.csv", "user_id", "segment", None, ""),
        ("engagement", "data/user_journey_segments.csv", "user_id", "behavioral_segment", "mean_engagement_score", "engagement_score"),
        ("engagement", "data/user_journey_segments.csv", "user_id", "revenue_segment", "mean_lifetime_revenue", "lifetime_revenue"),
    ],
)  # fmt: skip
def test_changes_are_those_of_the_members(world, family, path, person, segment, mean, feature):
    pairs = two_months(world, path, person)
    changes = world.table(SECOND, "data/changes.csv")
    mine = changes[(changes["family"] == family) & (changes["comparison"] == "previous")]
    names = {*pairs[f"{segment}_then"].dropna(), *pairs[f"{segment}_now"].dropna()}
    mine = mine[mine["segment"].isin(names) | mine["segment"].isna()]
    assert set(mine["earlier_as_of_date"]) == {str(FIRST)}
    then, now = pairs[f"{segment}_then"], pairs[f"{segment}_now"]
    intervals = 0
    for row in mine.to_dict("records"):
        name = row["segment"]
        in0, in1 = (
            (column.notna() if pd.isna(name) else column == name).astype(float) for column in (then, now)
        )
        if row["metric"] == "segment_share":
            y0, x0, y1, x1 = in0, then.notna().astype(float), in1, now.notna().astype(float)
        elif row["metric"] == mean:
            amount0, amount1 = (pairs[f"{feature}_{month}"].fillna(0) for month in ("then", "now"))
            y0, x0, y1, x1 = in0 * amount0, in0, in1 * amount1, in1
        elif row["metric"] == "members":
            assert row["change"] == in1.sum() - in0.sum()
            assert row["n_joined"] == ((in1 == 1) & (in0 == 0)).sum()
            continue
        else:
            continue
        if np.isnan(row["ci_low"]):
            assert row["reason"]
            continue
        intervals += 1
        change = y1.sum() / x1.sum() - y0.sum() / x0.sum()
        # The cells keep scores in millionths.
        assert row["change"] == pytest.approx(
            change, rel=1e-9, abs=1e-6 if feature == "engagement_score" else 1e-12
        )
        error = error_of(pairs, y0, x0, y1, x1)
        shown = abs(row["detectable_change"] - (row["ci_high"] - row["ci_low"]) / 2) / 0.8416212335729143
        assert shown == pytest.approx(error, rel=1e-4 if feature == "engagement_score" else 1e-6)
        assert row["n_both"] == ((x0 != 0) & (x1 != 0)).sum()
    assert intervals >= 3


def test_means_given_the_earlier_amounts_are_least_squares_of_who_stayed(world):
    changes = world.table(SECOND, "data/changes.csv")
    mine = changes[changes["method"] == "ancova"].query("family == 'loyalty'")
    pairs = two_months(world, "data/loyalty.csv", "user_id")
    assert len(mine) >= 2
    for row in mine.to_dict("records"):
        feature = row["metric"].removeprefix("mean_").removesuffix("_given_earlier")
        names = (pairs["segment_then"], pairs["segment_now"])
        in0, in1 = (each.notna() if pd.isna(row["segment"]) else each == row["segment"] for each in names)
        stayed = pairs[in0 & in1]
        then, now = stayed[f"{feature}_then"], stayed[f"{feature}_now"]
        fitted = sm.OLS(now - then, sm.add_constant(then - then.mean())).fit()
        assert row["change"] == pytest.approx(fitted.params.iloc[0])
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(fitted.conf_int().iloc[0]))


def test_a_year_before_is_another_comparison_that_says_that_there_is_none(world):
    for as_of, reasons in ((FIRST, {"previous", "year_before"}), (SECOND, {"year_before"})):
        changes = world.table(as_of, "data/changes.csv")
        absent = changes[changes["earlier_as_of_date"].isna() & (changes["comparison"] != "trend")]
        assert set(absent["comparison"]) == reasons
        assert set(absent["reason"]) == {"no_earlier_publication"}
        assert absent[["change", "earlier_as_of_date", "is_comparable"]].isna().all(axis=None)
        keys = ["family", "metric", "segment"]
        both = changes.groupby("comparison")[keys].apply(
            lambda rows: {tuple(map(str, key)) for key in rows.itertuples(index=False)}
        )
        assert both["previous"] >= both["year_before"]


def test_months_of_the_same_rules_code_and_sources_are_comparable(world):
    changes = world.table(SECOND, "data/changes.csv")
    since = changes[changes["comparison"] == "previous"]
    assert set(since["is_comparable"]) == {True}
    assert since["differences"].isna().all()


def test_readers_see_the_published_changes_in_the_views(world):
    counts = world.query("select as_of_date, count(*) as n from marts.changes group by as_of_date order by 1")
    assert [row["as_of_date"] for row in counts] == [FIRST, SECOND]
    assert world.query("select count(*) as n from marts.changes_current")[0]["n"] == counts[-1]["n"]
    assert len(world.table(SECOND, "data/changes.csv")) == counts[-1]["n"]
