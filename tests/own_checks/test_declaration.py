"""Files of checks: what the folder takes, and the one sentence about what it can't use."""

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from include.tidemark.config.folder import load_config
from include.tidemark.config.schemas import checks_schema
from include.tidemark.errors import SettingsError
from include.tidemark.own_checks.declaration import checks_of, severities_of
from include.tidemark.settings import Settings

CHECK = {
    "name": "dormant_customers",
    "table": "runs.customer_segments",
    "rows_where": "is_dormant",
    "claim": "Nobody is dormant.",
    "failure": "{observed} customers are dormant; write to them.",
}
RECONCILES = {
    "measure": "sum(lifetime_value)",
    "other_table": "staging.stg_transactions",
    "other_measure": "sum(amount_cents) / 100",
    "tolerance_pct": 0.5,
}


def without(key: str, **changes: object) -> dict[str, object]:
    return {name: value for name, value in (CHECK | changes).items() if name != key}


def config_of(
    tmp_path: Path, *checks: dict[str, object], severity: dict[str, str] | None = None, **more: object
):
    folder = tmp_path / "config" / "checks"
    folder.mkdir(parents=True, exist_ok=True)
    content = {"severity": severity or {}, "checks": list(checks)}
    (folder / "ours.yml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return load_config(Settings(config_dir=tmp_path / "config", **more), {})


def test_checks_and_severities_are_part_of_what_a_run_carries(tmp_path: Path) -> None:
    config = config_of(
        tmp_path,
        CHECK,
        without("rows_where", name="spend_agrees", reconciles=RECONCILES),
        without(
            "rows_where", name="most_spend", measure="max(lifetime_value)", max=1000, failure="Too much."
        ),
        severity={"models.distribution.segment_drift_psi_warning": "critical"},
    )
    assert list(config.documents) == ["checks/ours.yml"]
    first, *_ = checks_of(config.documents)
    assert (first.severity, first.bounds, first.stage) == ("warning", (None, 0), "models")
    assert severities_of(config.documents) == {"models.distribution.segment_drift_psi_warning": "critical"}


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        (CHECK | {"table": "runs.customer_segment"}, r"line 4: the table 'runs.customer_segment' is not known; did you mean 'runs.customer_segments'\? A check is about"),
        (CHECK | {"table": "marts.customer_segments"}, "the table 'marts.customer_segments' is not known; did you mean"),
        (CHECK | {"table": "control.publications"}, "the table 'control.publications' is not known"),
        (CHECK | {"rows_where": "is_dorment"}, "line 5: 'is_dorment' is not known; did you mean 'is_dormant'"),
        (CHECK | {"rows_where": "customer_id in (select 1)"}, "line 5: .*holds a query"),
        (CHECK | {"measure": "count(*)", "max": 1}, "line 8: checks.0.measure: a check has one of .* has both measure and rows_where"),
        (without("rows_where"), "line 3: checks.0: a check has one of measure, rows_where and reconciles, and this one has none"),
        (without("rows_where", measure="count(*)"), "checks.0.measure: a measure needs a bound; say min, max or both"),
        (CHECK | {"min": 3, "max": 2}, r"checks.0.min: min \(3\) is above max \(2\)"),
        (CHECK | {"max": float("nan")}, "line 8: 'checks.0.max' can't be used"),
        (without("rows_where", reconciles=RECONCILES, max=1), "what reconciles is bounded by tolerance_pct"),
        (without("rows_where", reconciles=RECONCILES | {"other_table": "staging.stg_tx"}), "line 9: the table 'staging.stg_tx' is not known"),
        (without("rows_where", reconciles=RECONCILES | {"other_measure": "sum(amount)"}), "line 10: 'amount' is not known"),
        (without("rows_where", reconciles=RECONCILES | {"other_measure": "max(amount_cents)"}), "line 10: min and max are the value of one row"),
        (without("rows_where", reconciles=RECONCILES | {"other_table": "raw.transactions"}), "line 9: .*can't be compared; take one of staging"),
        (without("rows_where", measure="max(lifetime_value)", max=9), "min and max are the value of one row, which no page may show; leave {observed} out"),
        (CHECK | {"failure": "{detail} is wrong."}, r"line 7: checks.0.failure: failure may hold {observed} in braces and nothing else, not {detail}"),
        (CHECK | {"failure": "{observed.__class__} is wrong."}, "not {observed.__class__}"),
        (CHECK | {"failure": "A { is wrong."}, "not a single brace"),
        (CHECK | {"name": "order"}, "'checks.0.name' can't be used"),
        (CHECK | {"severity": "crit"}, "'checks.0.severity' can't be used: .*did you mean 'critical'"),
        (CHECK | {"where": "true"}, "'checks.0.where' is not known"),
        (without("claim"), "'checks.0.claim' is missing; add it"),
    ],
)  # fmt: skip
def test_what_a_check_says_wrongly_is_one_sentence(
    tmp_path: Path, check: dict[str, object], sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence) as refused:
        config_of(tmp_path, check)
    assert str(refused.value).startswith(str(tmp_path / "config" / "checks" / "ours.yml"))
    assert len(str(refused.value).splitlines()) == 1


def test_a_name_is_said_once_among_all_files(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"line 8: dormant_customers stands here a second time \(first in .*line 3\)"
    ):
        config_of(tmp_path, CHECK, dict(CHECK))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("models.distribution.segment_drift_warning", "line 2: the check .* is not known; did you mean 'models.distribution.segment_drift_psi_warning'"),
        ("nothing_like_it", "line 2: the check 'nothing_like_it' is not known. Data Docs name each suite"),
        ("models.planners.row_count", "is not known"),
    ],
)  # fmt: skip
def test_a_severity_of_a_check_that_nobody_ships_is_refused_with_the_nearest(
    tmp_path: Path, name: str, sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        config_of(tmp_path, severity={name: "info"}, families=("customer_segments",))


def test_a_table_of_a_family_that_is_not_enabled_is_refused(tmp_path: Path) -> None:
    for table, rows_where in (
        ("runs.user_segmentation", "user_id is null"),
        ("raw.events", "user_id is null"),
    ):
        check = CHECK | {"table": table, "rows_where": rows_where}
        with pytest.raises(SettingsError, match=f"{table} is not made here, as no enabled family"):
            config_of(tmp_path, check, families=("customer_segments",))
        config_of(tmp_path, check, families=("customer_segments", "planners"))


def test_a_file_with_another_ending_is_not_passed_over(tmp_path: Path) -> None:
    config_of(tmp_path)
    (tmp_path / "config" / "checks" / "more.yaml").write_text("")
    with pytest.raises(SettingsError, match=r"more\.yaml is not read: call it more\.yml"):
        config_of(tmp_path)


@pytest.mark.parametrize(
    ("check", "is_valid"),
    [
        (CHECK, True),
        (without("rows_where", reconciles=RECONCILES), True),
        (CHECK | {"measure": "count(*)"}, False),
        (without("rows_where"), False),
        (CHECK | {"table": "runs.nothing"}, False),
        (CHECK | {"name": "order"}, False),
        (CHECK | {"max": "many"}, False),
    ],
)
def test_the_schema_for_editors_is_of_one_mind(
    tmp_path: Path, check: dict[str, object], is_valid: bool
) -> None:
    schema = checks_schema()
    Draft202012Validator.check_schema(schema)
    assert Draft202012Validator(schema).is_valid({"checks": [check]}) is is_valid
    if is_valid:
        config_of(tmp_path, check)
    else:
        with pytest.raises(SettingsError):
            config_of(tmp_path, check)
