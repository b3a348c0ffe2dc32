"""A month whose conditions have changed: what the conditions did and what people did, against the earlier
month computed anew."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from include.tidemark.config.folder import load_config
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.run import Run
from include.tidemark.segmentations.changes import record_declared, same_rules
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from tests.segmentations.conftest import FIRST, SECOND
from tests.segmentations.files import LOYALTY, write_files
from tests.stages import built

pytestmark = pytest.mark.timeout(900)

RULES = "declining_max_spend_change_pct: -45\nhigh_value_min_avg_monthly_spend: 4000\n"
STRICTER = LOYALTY.replace("lapsing_days: 30", "lapsing_days: 20").replace(
    "champion_spend: 20000", "champion_spend: 15000"
)
TABLES = {
    "customer_segments": ("runs.customer_segments", "customer_id", "customer_segment"),
    "loyalty": ("runs.segment_members", "user_id", "segment"),
}


@dataclass(frozen=True)
class Changed:
    """The second month under other conditions, and the models of the first anew under them; neither is
    published."""

    run: Run
    anew: Run


@pytest.fixture(scope="module")
def changed(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("changed")
    write_files(folder)
    (folder / "segmentations" / "loyalty.yml").write_text(STRICTER, encoding="utf-8")
    (folder / "rules.yml").write_text(RULES, encoding="utf-8")
    settings = world.settings.model_copy(update={"config_dir": folder})

    def arguments(as_of: date) -> tuple[Settings, dict[str, object], datetime]:
        options = {"as_of_date": as_of.isoformat(), "n_resamples": 1000, "publish": False}
        return settings, options, datetime(as_of.year, as_of.month, as_of.day, 9, tzinfo=UTC)

    return Changed(run_in_order(*arguments(SECOND))[0], built(*arguments(FIRST)))


def members(world, family: str, run: Run) -> pd.Series:
    table, person, segment = TABLES[family]
    condition = f" and segmentation = '{family}'" if family == "loyalty" else ""
    rows = world.query(
        f"select {person} as person, {segment} as segment from {table} where run_key = ?{condition}",
        run.run_key,
    )
    return pd.DataFrame(rows).set_index("person")["segment"]


def rows_of(world, run: Run, family: str, comparison: str) -> pd.DataFrame:
    rows = world.query(
        "select * from runs.changes where run_key = ? and family = ? and comparison = ?",
        run.run_key,
        family,
        comparison,
    )
    if not rows:
        return pd.DataFrame()
    # A number of one segment, or a difference between two.
    of = ["metric", "segment", "segment_to"]
    return pd.DataFrame(rows).fillna({"segment_to": ""}).set_index(of).sort_index()


@pytest.mark.parametrize("family", TABLES)
def test_the_earlier_month_is_in_the_segments_of_the_present_conditions(world, changed, family):
    then, now = members(world, family, changed.anew), members(world, family, changed.run)
    assert set(then.items()) != set(members(world, family, world.runs[FIRST]).items())
    rows = rows_of(world, changed.run, family, "previous_same_rules")
    both = pd.concat({"then": then, "now": now}, axis=1)
    assert len(rows.loc["segment_share"]) == len(set(then))
    for (name, _), row in rows.loc["segment_share"].iterrows():
        in0, in1 = both["then"] == name, both["now"] == name
        of0, of1 = both["then"].notna(), both["now"].notna()
        assert row["earlier_estimate"] == pytest.approx(in0.sum() / of0.sum())
        assert row["change"] == pytest.approx(in1.sum() / of1.sum() - in0.sum() / of0.sum(), abs=1e-12)
        if pd.notna(row["ci_low"]):
            influence = (in1 - row["estimate"] * of1) / of1.sum() - (
                in0 - row["earlier_estimate"] * of0
            ) / of0.sum()
            error = math.sqrt((influence**2).sum() * len(both) / (len(both) - 1))
            shown = row["detectable_change"] - (row["ci_high"] - row["ci_low"]) / 2
            assert shown == pytest.approx(0.8416212335729143 * error, rel=1e-6)


@pytest.mark.parametrize("family", TABLES)
def test_what_the_rules_did_and_what_people_did_make_the_published_change(world, changed, family):
    published = rows_of(world, changed.run, family, "previous")
    same = rows_of(world, changed.run, family, "previous_same_rules")
    assert set(same["is_comparable"]) == {True}
    assert same["differences"].isna().all()
    assert set(published["is_comparable"]) == {False}
    assert published["rules_effect"].isna().all()
    known = same["rules_effect"].notna() & published["change"].notna().reindex(same.index, fill_value=False)
    assert known.sum() >= 10
    total = same["rules_effect"] + same["change"]
    for key in same.index[known]:
        assert total[key] == pytest.approx(published.loc[key, "change"], rel=1e-9, abs=1e-9)
    assert same.loc["segment_share", "rules_effect"].abs().max() > 0.01


def test_a_segmentation_whose_conditions_are_the_same_has_one_comparison(world, changed):
    assert changed.run.same_rules_by_family == {"customer_segments": ("previous",), "loyalty": ("previous",)}
    assert rows_of(world, changed.run, "by_platform", "previous_same_rules").empty
    assert rows_of(world, world.runs[SECOND], "loyalty", "previous_same_rules").empty


@pytest.mark.parametrize(
    ("rules", "loyalty", "found"),
    [
        (RULES, LOYALTY, {"customer_segments"}),
        ("", STRICTER, {"loyalty"}),
        ("audience_budget_limit: 5\n", LOYALTY, set()),
        (RULES + "category_share_basis: window\n", STRICTER, set()),
        (RULES, STRICTER.replace("purchases_last_90_days = 0", "customer_segment = 'Declining'"), {"customer_segments"}),
        ("", LOYALTY.replace("limit: 25", "limit: 26"), set()),
    ],
    ids=["rules", "file", "a limit", "what features are made of", "a segment as a feature", "an audience"],
)  # fmt: skip
def test_only_conditions_over_features_that_were_made_alike_are_asked_again(
    world, tmp_path, rules, loyalty, found
):
    write_files(tmp_path)
    (tmp_path / "segmentations" / "loyalty.yml").write_text(loyalty, encoding="utf-8")
    (tmp_path / "rules.yml").write_text(rules or "{}", encoding="utf-8")
    config = load_config(world.settings.model_copy(update={"config_dir": tmp_path}))
    run = world.runs[SECOND]
    changed = run.model_copy(
        update={"run_key": f"{run.run_key[:-8]}0123abd0", "config": config.documents, "rules": config.rules}
    )
    with open_warehouse(world.settings) as warehouse:
        assert set(same_rules(changed, warehouse)) == found
        record_declared(changed, warehouse)
        again = changed.model_copy(
            update={"previous_by_family": {n: changed_as(changed) for n in run.families}}
        )
        assert same_rules(again, warehouse) == {}, "of a run that was declared alike nothing is asked again"


def changed_as(run: Run):
    return type(run.previous_of("loyalty"))(as_of_date=run.as_of_date, run_key=run.run_key)
