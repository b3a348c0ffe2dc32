"""The numbers from a table of users: equal to a fit of one row per user, bounded in size, never missing."""

import hashlib
import random

import numpy as np
import pytest
import statsmodels.api as sm

from include.tidemark.families.early_engagement.cells import CANDIDATE, make_platforms, read_cells
from include.tidemark.families.early_engagement.questions import drivers, usage


def people(count: int, seed: int = 1) -> list[tuple]:
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        save_days = draw.choice([0, 0, 1, 2, 3])
        saves = save_days + draw.randrange(4) if save_days else 0
        shares = draw.choice([0, 0, 0, 1, 2])
        share_days = 0 if not shares else draw.randint(1, shares)
        platform = draw.choice(["web", "ios", "android", None])
        odds = -1.0 + 0.4 * save_days + 0.5 * (shares > 0) + 0.6 * (platform == "web")
        retained = draw.random() < 1 / (1 + np.exp(-odds))
        rows.append((platform, save_days, saves, share_days, shares, retained))
    return rows


def by_segment(rows, metric):
    return {row.segment: row for row in rows if row.metric == metric}


def test_odds_ratios_equal_a_fit_of_one_row_a_user(run, warehouse, put):
    users = people(1500)
    put(users)
    names = ["creation_app_platform_ios", "creation_app_platform_web", "creation_app_platform_unknown",
             "has_save_f7d", "cnt_days_save_f7d", "cnt_save_events_f7d", "has_share_f7d", "cnt_days_share_f7d",
             "cnt_share_events_f7d"]  # fmt: skip
    design = np.array(
        [[p == "ios", p == "web", p is None, d > 0, d, n, e > 0, e, m] for p, d, n, e, m, _ in users],
        dtype=float,
    )
    fit = sm.Logit([user[-1] for user in users], sm.add_constant(design)).fit(
        disp=0, cov_type="HC0", tol=1e-12
    )

    found = by_segment(drivers(run, warehouse), "odds_ratio")

    assert list(found) == names
    for name, coefficient, (low, high) in zip(names, fit.params[1:], fit.conf_int()[1:], strict=True):
        assert found[name].estimate == pytest.approx(np.exp(coefficient), rel=1e-6)
        assert (found[name].ci_low, found[name].ci_high) == pytest.approx(
            (np.exp(low), np.exp(high)), rel=1e-6
        )
        assert found[name].n == 1500


def test_a_script_with_ten_thousand_events_moves_nothing_beyond_the_cap(run, warehouse, put):
    users = people(800)
    put([*users, ("web", 7, 20, 0, 0, False)])
    before = drivers(run, warehouse)
    warehouse.execute(f"update {CANDIDATE} set cnt_save_events_f7d = 10000 where cnt_save_events_f7d = 20")

    assert drivers(run, warehouse) == before


def test_beyond_the_most_cells_a_fixed_sample_of_users_stands_for_all(run, warehouse, put):
    users = people(2000)
    put(users)
    most = 120
    smaller = run.model_copy(
        update={"rules": run.rules.model_copy(update={"early_engagement_max_cells": most})}
    )
    share = 1.0
    chosen = users
    while len({user[:-1] for user in chosen}) > most:
        share *= 0.7
        bound = f"{int(share * 2**32):08x}"
        chosen = [u for n, u in enumerate(users) if hashlib.md5(f"user {n}".encode()).hexdigest()[:8] < bound]

    whole, sampled = read_cells(run, warehouse), read_cells(smaller, warehouse)

    assert (whole.users, whole.table.size) == (2000, 2000)
    assert (sampled.users, sampled.table.size) == (2000, len(chosen))
    assert len(sampled.table.n) == len({user[:-1] for user in chosen})
    assert sampled.table.successes.sum() == sum(user[-1] for user in chosen)
    assert 100 < len(chosen) < 1000


def test_rare_platforms_are_one_and_the_first_by_name_is_the_reference(run, warehouse, put):
    users = [(f"p{number:02}", 0, 0, 0, 0, False) for number in range(12) for _ in range(20 - number)]
    put([*users, (None, 0, 0, 0, 0, True)])

    cells = read_cells(run, warehouse)

    assert cells.reference_platform == "p00"
    assert [name for name in cells.table.names if "platform" in name] == [
        *(f"creation_app_platform_p{number:02}" for number in range(1, 8)),
        "creation_app_platform_other",
        "creation_app_platform_unknown",
    ]
    rows = by_segment(usage(run, warehouse), "retained_4_weeks")
    assert rows["creation_app_platform_other"].n == 12 + 11 + 10 + 9
    assert rows["creation_app_platform_unknown"].estimate == 1


@pytest.mark.parametrize(
    ("users", "reference"),
    [
        ({"amazon": 9, "ios": 50, "web": 41}, "ios"),
        ({"amazon": 10, "ios": 50, "web": 40}, "amazon"),
        ({None: 900, "web": 40, "ios": 60}, "ios"),
        ({None: 90}, None),
        ({}, None),
    ],
)
def test_a_platform_that_few_chose_is_not_what_the_others_are_compared_with(users, reference):
    assert make_platforms(users).reference == reference


def test_other_runs_users_are_not_counted(run, warehouse, put):
    put(people(300), run_key="another_run")
    put(people(200))
    assert by_segment(usage(run, warehouse), "retained_4_weeks")[None].n == 200
    assert read_cells(run, warehouse).table.size == 200


def test_usage_counts_users_and_who_of_them_stayed(run, warehouse, put):
    put(
        [("web", 1, 2, 0, 0, True)] * 30
        + [("web", 0, 0, 0, 0, True)] * 10
        + [("web", 0, 0, 0, 0, False)] * 60
    )
    rows = usage(run, warehouse)
    found = {(row.metric, row.segment): row for row in rows}
    assert found["retained_4_weeks", None].estimate == 0.4
    assert found["first_week_usage", "has_save_f7d"].estimate == 0.3
    assert found["retained_if_used", "has_save_f7d"].estimate == 1
    assert found["retained_if_not_used", "has_save_f7d"].estimate == pytest.approx(1 / 7)
    assert found["retained_if_used", "has_share_f7d"].reason == "empty_segment"


def test_a_run_without_users_has_every_row_with_a_reason(run, warehouse, put):
    put(people(100))
    expected = {(row.metric, row.segment) for row in [*drivers(run, warehouse), *usage(run, warehouse)]}
    warehouse.execute(f"delete from {CANDIDATE}")

    rows = [*drivers(run, warehouse), *usage(run, warehouse)]

    platforms = {key for key in expected if "platform" in (key[1] or "")}
    assert expected - platforms <= {(row.metric, row.segment) for row in rows}
    assert all(row.reason for row in rows)
    assert all(row.estimate is None for row in rows if row.metric != "smallest_cell")


def test_features_that_say_the_same_or_nothing_are_named(run, warehouse, put):
    users = [(p, d, d, 0, 0, r) for p, d, _, _, _, r in people(400)]
    put(users)
    rows = by_segment(drivers(run, warehouse), "odds_ratio")
    assert rows["cnt_save_events_f7d"].reason == "collinear"
    assert rows["cnt_save_events_f7d"].segment_to == "cnt_days_save_f7d"
    assert rows["has_share_f7d"].reason == "no_variation"


def test_a_feature_that_only_stayers_have_gets_a_finite_estimate_by_another_method(run, warehouse, put):
    put([*[(p, d, n, 0, 0, r) for p, d, n, _, _, r in people(200)], *[("web", 0, 0, 1, 1, True)] * 4])
    rows = by_segment(drivers(run, warehouse), "odds_ratio")
    assert rows["has_share_f7d"].method == "firth_profile"
    assert rows["has_share_f7d"].estimate > 1
    assert rows["has_share_f7d"].trust == "unreliable"
