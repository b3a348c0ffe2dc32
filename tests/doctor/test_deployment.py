"""Environment variables and the configuration folder."""

import pytest

from include.tidemark.doctor import deployment
from tests.doctor.conftest import SECRET, Examine, Shop, of, states, worst


def test_settings_that_can_be_used_are_named_without_their_values(examine: Examine):
    (found,) = examine(deployment.look_at_settings)
    assert found.state == "ok" and "TIDEMARK_ID_HASH_KEY" in found.found and SECRET not in found.found


def test_every_setting_that_can_not_be_used_is_wrong_not_only_the_first(examine: Examine, monkeypatch):
    monkeypatch.setenv("TIDEMARK_WAREHOUSE", "oracle")
    monkeypatch.setenv("TIDEMARK_DBT_THREADS", "many")
    findings = examine(deployment.look_at_settings)
    assert [finding.state for finding in findings] == ["wrong", "wrong"]
    assert "TIDEMARK_WAREHOUSE" in findings[0].found and "TIDEMARK_DBT_THREADS" in findings[1].found


@pytest.mark.parametrize(("name", "action"), [("TIDEMARK_LANDING_URI", "Did you mean TIDEMARK_LANDING_URL?"), ("TIDEMARK_QQQQQQQQQQQQQQQQ", "Unset it, or correct its name.")])  # fmt: skip
def test_a_variable_that_nothing_reads_is_a_warning_with_the_nearest_name(
    examine: Examine, monkeypatch, name, action
):
    monkeypatch.setenv(name, SECRET)
    found = worst(examine(deployment.look_at_settings))
    assert found.state == "warning" and name in found.found and found.action == action


@pytest.mark.parametrize("name", sorted(deployment.OTHER_VARIABLES))
def test_variables_of_others_are_no_warning(examine: Examine, monkeypatch, name):
    monkeypatch.setenv(name, "anything")
    assert states(examine(deployment.look_at_settings)) == {"ok"}


@pytest.mark.parametrize(("label", "wrong"), [("", False), ("run-1", False), ("a b", True), ("x" * 33, True)])
def test_a_label_that_a_run_would_refuse_is_wrong(examine: Examine, monkeypatch, label, wrong):
    monkeypatch.setenv("RUN_HASH", label)
    assert ("wrong" in states(examine(deployment.look_at_settings))) == wrong


def test_families_are_named_with_their_tables_and_an_unknown_one_is_wrong(examine: Examine, monkeypatch):
    assert (
        examine(deployment.look_at_families)[0].found == "customer_segments; they need users, transactions."
    )
    monkeypatch.setenv("TIDEMARK_FAMILIES", "engagement")
    told = examine(deployment.look_at_families)[0].found
    assert told == "engagement; they need users, events, and can do without transactions."
    monkeypatch.setenv("TIDEMARK_FAMILIES", "engagement,customer_segments")
    assert examine(deployment.look_at_families)[0].found.endswith("they need users, events, transactions.")
    monkeypatch.setenv("TIDEMARK_FAMILIES", "engagment")
    assert worst(examine(deployment.look_at_families)).state == "wrong"


@pytest.mark.parametrize(
    ("key", "ids", "state"),
    [(SECRET, "hashed", "ok"), ("short", "hashed", "wrong"), ("", "hashed", "wrong"), ("", "plain", "ok")],
)
def test_the_hash_key_is_long_enough_or_wrong_or_not_needed(examine: Examine, monkeypatch, key, ids, state):
    monkeypatch.setenv("TIDEMARK_ID_HASH_KEY", key)
    monkeypatch.setenv("TIDEMARK_USER_IDS", ids)
    (found,) = examine(deployment.look_at_hash_key)
    assert found.state == state and "short" not in found.found.replace("too short", "")


def test_a_folder_is_named_with_its_files_zone_and_currency(examine: Examine, shop: Shop):
    findings = examine(deployment.look_at_folder)
    assert states(findings) == {"ok"}
    assert findings[0].found.startswith(f"rules.yml, sources.yml of {shop.folder / 'config'}, content ")
    assert findings[1].found == "Days are of Europe/Berlin, amounts are in EUR."


def test_an_empty_folder_is_ok(examine: Examine, monkeypatch, tmp_path):
    monkeypatch.setenv("TIDEMARK_CONFIG_DIR", str(tmp_path))
    assert "holds no file" in examine(deployment.look_at_folder)[0].found


def test_a_folder_that_is_missing_is_wrong(examine: Examine, monkeypatch, tmp_path):
    monkeypatch.setenv("TIDEMARK_CONFIG_DIR", str(tmp_path / "none"))
    assert worst(examine(deployment.look_at_folder)).state == "wrong"


def test_a_mistake_in_a_file_is_wrong_with_its_line(examine: Examine, shop: Shop):
    shop.sources["transactions"]["fils"] = "orders.csv"
    found = worst(examine(deployment.look_at_folder))
    assert found.state == "wrong" and "sources.yml, line " in found.found and "fils" in found.found


def test_the_deprecated_file_of_rules_is_a_warning(examine: Examine, shop: Shop, monkeypatch, tmp_path):
    shop.rules.clear()
    (tmp_path / "mine.yml").write_text("currency: EUR", encoding="utf-8")
    monkeypatch.setenv("TIDEMARK_RULES_FILE", str(tmp_path / "mine.yml"))
    monkeypatch.setattr(Shop, "write", lambda self: None)
    (tmp_path / "config").mkdir()
    assert "TIDEMARK_RULES_FILE" in worst(examine(deployment.look_at_folder)).found


def test_what_can_not_be_looked_at_says_why_and_its_cause_is_another_finding(examine: Examine, monkeypatch):
    from include.tidemark.doctor.checks import CHECKS
    from include.tidemark.doctor.findings import findings_of

    monkeypatch.setenv("TIDEMARK_WAREHOUSE", "oracle")
    (key,) = [check for check in CHECKS if check.title == "hash key"]
    found = of(examine(lambda examination: findings_of(key, examination)), "hash key")
    assert (found.state, found.found) == ("warning", "Not looked at: a setting can't be used.")
