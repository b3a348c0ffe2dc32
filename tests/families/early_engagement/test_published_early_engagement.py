"""Early engagement as published: the files, their numbers, the gate, and the planted truth within the
intervals."""

import duckdb
import pyarrow.parquet as pq
import pytest

from include.tidemark.artifacts.results import read_statistics
from include.tidemark.artifacts.wide_tables import wide_rows
from include.tidemark.demo.synthetic import truth
from include.tidemark.families import known_families
from include.tidemark.families.early_engagement.artifacts import detail_lines, tables
from include.tidemark.families.early_engagement.driver_table import driver_table
from include.tidemark.families.early_engagement.features import event_features
from include.tidemark.families.early_engagement.report import report_part
from include.tidemark.validation.suite_part import SUITE
from include.tidemark.warehouse import open_warehouse
from tests.report.pages import still

suite = known_families()["early_engagement"].part(SUITE)

FAMILY = "early_engagement"


def odds(month, metric="odds_ratio"):
    return {row["segment"]: row for row in month.numbers(FAMILY, metric)}


def test_the_planted_odds_ratios_are_found_within_their_intervals(synthetic_month):
    found = odds(synthetic_month)
    planted = {event_features(driver.event_name)[0].name: driver.odds_ratio for driver in truth.DRIVERS}
    planted |= {
        "cnt_days_login_f7d": truth.LOGIN_DAY_ODDS_RATIO,
        "creation_app_platform_web": truth.WEB_ODDS_RATIO,
    }
    for name, ratio in planted.items():
        low, high = found[name]["ci_low"], found[name]["ci_high"]
        # Six intervals at once: each is widened by half on the log scale, so that a true one fails once in
        # some hundred sets.
        margin = (high / low) ** 0.5
        assert low / margin <= ratio <= high * margin, name


def test_what_has_no_planted_effect_is_not_listed_as_impactful(synthetic_month):
    impactful = {
        s for s, row in odds(synthetic_month, "odds_ratio_impactful").items() if row["is_discovery"] == "true"
    }
    assert {"creation_app_platform_web", "cnt_days_login_f7d"} <= impactful
    assert not impactful & {
        "has_autofill_f7d",
        "cnt_days_autofill_f7d",
        "cnt_autofill_events_f7d",
        "has_share_f7d",
    }


def test_who_stayed_is_who_was_planted_to(synthetic_month):
    stays = f"select user_id from '{synthetic_month.landing / 'truth' / 'users.parquet'}' where stays"
    with duckdb.connect(str(synthetic_month.settings.duckdb_path)) as connection:
        users, wrong = connection.execute(
            f"select count(*), count_if(is_retained_4_weeks <> (user_id in ({stays}))) from runs.dim_user_early_engagement"
        ).fetchone()
    assert users > 1000
    # A visit whose events are all delivered late may not have arrived yet.
    assert wrong <= users / 500


def test_auc_and_calibration_stand_beside_the_odds_ratios(synthetic_month):
    (auc,), (slope,), (excess,) = (
        synthetic_month.numbers(FAMILY, name)
        for name in ("auc", "calibration_slope", "calibration_in_the_large")
    )
    assert 0.6 < auc["ci_low"] < auc["estimate"] < auc["ci_high"] < 0.75
    assert slope["ci_low"] < 1 < slope["ci_high"] + 0.1
    assert abs(excess["estimate"]) < 0.01


def test_the_file_of_the_drivers_has_every_feature(synthetic_month):
    rows = synthetic_month.rows("data/retention_drivers.csv")
    statistics = odds(synthetic_month)
    assert {row["Feature"] for row in rows} == set(statistics)
    numbers = [float(row["Odds Ratio"]) for row in rows if row["Odds Ratio"]]
    assert numbers == sorted(numbers, reverse=True)
    for row in rows:
        assert (float(row["Odds Ratio"]) if row["Odds Ratio"] else None) == statistics[row["Feature"]][
            "estimate"
        ]


def test_the_selection_at_the_published_threshold_is_the_impactful_features(synthetic_month):
    rows = [row for row in synthetic_month.rows("data/statistics.csv") if row["family"] == FAMILY]
    threshold = synthetic_month.run.rules.early_engagement_impact_threshold
    impactful = {
        s for s, row in odds(synthetic_month, "odds_ratio_impactful").items() if row["estimate"] is not None
    }
    selected = driver_table(rows, threshold, both_directions=True)
    assert {record["Feature"] for record in selected} == impactful
    assert {record["Feature"] for record in driver_table(rows, 1.3)} <= {
        record["Feature"] for record in selected
    }


def test_details_and_usage_repeat_the_statistics(synthetic_month):
    statistics = odds(synthetic_month)
    details = {row["feature"]: row for row in synthetic_month.rows("data/retention_driver_details.csv")}
    assert set(details) == set(statistics)
    web = details["creation_app_platform_web"]
    assert (web["unit"], web["is_impactful"]) == ("against android", "true")
    assert float(web["odds_ratio_ci_low"]) == statistics["creation_app_platform_web"]["ci_low"]
    for row in synthetic_month.rows("data/first_week_usage.csv"):
        (used,) = synthetic_month.numbers(
            FAMILY, "first_week_usage", segment=event_features(row["event_name"])[0].name
        )
        assert float(row["usage_pct"]) == pytest.approx(100 * used["estimate"])


def test_the_users_file_holds_every_user_by_hash_with_the_columns_of_the_list(synthetic_month):
    table = tables(synthetic_month.run)["data/dim_user_early_engagement"]
    rows = synthetic_month.rows("data/dim_user_early_engagement.csv")
    parquet = pq.read_table(synthetic_month.folder / "data/dim_user_early_engagement.parquet")
    (counted,) = synthetic_month.query("select count(*) as n from runs.dim_user_early_engagement")
    assert list(rows[0]) == list(table.names) == parquet.column_names
    assert len(rows) == parquet.num_rows == counted["n"]
    plain = {row["user_id"] for row in synthetic_month.query("select user_id from raw.users")}
    assert not plain & {row["user_id"] for row in rows}
    assert sum(row["is_retained_4_weeks"] == "true" for row in rows) > 100


def test_the_dictionary_describes_the_columns_of_any_event(synthetic_month):
    listed = {
        row["column"]: row["description"]
        for row in synthetic_month.rows("data/data_dictionary.csv")
        if row["table"] == "data/dim_user_early_engagement"
    }
    assert all(listed.values())
    described = {c for c in listed if "login" in c or "<event>" in c}
    assert described


def test_the_definitions_name_the_window_and_the_events(synthetic_month):
    (file,) = [
        f for f in (synthetic_month.folder / "definitions").iterdir() if f.name.startswith("segment_def")
    ]
    text = file.read_text(encoding="utf-8")
    assert "on at least one of the days 28 to 34" in text
    assert '"add_payment_method"' in text


def test_the_report_draws_the_odds_ratios_and_names_what_was_left_out(synthetic_month):
    with open_warehouse(synthetic_month.settings) as warehouse:
        results = read_statistics(synthetic_month.run, warehouse).of_family(FAMILY)
        part = report_part(synthetic_month.run, warehouse, results)
        lines = detail_lines(synthetic_month.run, warehouse, results)
        details = wide_rows(
            tables(synthetic_month.run)["data/retention_driver_details"], synthetic_month.run, lines, results
        )
    drivers, model, usage, words = (str(section.body) for section in part.sections)
    assert drivers.count("<svg") >= 1
    (saved,) = [row for row in details if row["feature"] == "has_add_item_f7d"]
    assert f"add_item, at all {saved['odds_ratio']:.2f}" in drivers  # the drawing in words
    assert drivers.count('<tr><th scope="row">') == len(details)
    assert not any(row["feature"] in still(drivers) for row in details), (
        "readers are told events, not columns"
    )
    assert any(row["collinear_with"] for row in details)
    assert "it says the same as" in model
    assert "AUC" in model
    assert "android" in usage
    assert "28 to 34" in words
    assert part.key_figures[0].label == "Stayed four weeks"


DAMAGES = {
    "cnt_days_login_f7d = 8": "days_outside_0_7_cnt_days_login_f7d",
    "has_login_f7d = not has_login_f7d": "contradicts_has_login_f7d",
    "cnt_login_events_f7d = 0": "fewer_than_days_cnt_login_events_f7d",
    "is_retained_4_weeks = null": "null_is_retained_4_weeks",
    "user_id = 'same'": "duplicate_user_id",
    "created_date = date '2026-06-01'": "window_not_over",
    "as_of_date = date '2026-06-01'": "other_as_of_date",
    "is_retained_4_weeks = true": "retained_difference_pct",
    "cnt_login_events_f7d = cnt_login_events_f7d * 2": "events_difference_pct",
    "run_key = 'another'": "users_difference_pct",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_gate_finds_damaged_rows(synthetic_month, damage):
    assets = suite.candidate(synthetic_month.run)
    statement = f"update runs.dim_user_early_engagement set {damage}"
    assert failures(synthetic_month, assets) == set()
    assert DAMAGES[damage] in failures(synthetic_month, assets, statement)


STATISTICS_DAMAGES = {
    "delete from runs.statistics where metric = 'odds_ratio_univariate' and segment = 'has_login_f7d'": "missing_features",
    "delete from runs.statistics where metric = 'auc'": "missing_model",
    "delete from runs.statistics where metric = 'retained_if_used'": "missing_usage",
    "update runs.statistics set estimate = -1 where metric = 'odds_ratio' and estimate is not null": "odds_ratio_not_positive",
    "update runs.statistics set n = n + 1 where metric in ('retained_4_weeks', 'auc')": "users_not_counted",
}


@pytest.mark.parametrize("damage", STATISTICS_DAMAGES)
def test_the_gate_finds_damaged_statistics(synthetic_month, damage):
    assets = suite.statistics(synthetic_month.run)
    assert failures(synthetic_month, assets) == set()
    assert STATISTICS_DAMAGES[damage] in failures(synthetic_month, assets, damage)


def test_events_that_end_too_early_are_a_warning(synthetic_month):
    late = synthetic_month.run.model_copy(
        update={"as_of_date": synthetic_month.run.as_of_date.replace(month=8)}
    )
    assert "days_without_events" in failures(synthetic_month, suite.candidate(late))
    (check,) = [c for a in suite.candidate(late) for c in a.checks if c.name == "days_without_events"]
    assert check.severity == "warning"


def failures(month, assets, damage=None) -> set[str]:
    """Names of the checks that fail, after a damage that is rolled back."""
    found = set()
    with duckdb.connect(str(month.settings.duckdb_path)) as connection:
        connection.begin()
        if damage:
            connection.execute(damage)
        for asset in assets:
            cursor = connection.execute(asset.query)
            values = dict(zip([c[0] for c in cursor.description], cursor.fetchone(), strict=True))
            for check in asset.checks:
                value = values[check.name]
                low = check.minimum is not None and (value is None or value < check.minimum)
                high = check.maximum is not None and (value is None or value > check.maximum)
                found |= {check.name} if low or high else set()
        connection.rollback()
    return found
