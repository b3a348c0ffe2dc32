"""The deployment's folder as a whole: found or missing, what may be in it, and what of it a run carries."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.tidemark.config.folder import load_config
from include.tidemark.doctor.findings import wrong
from include.tidemark.documents.digest import digest_of
from include.tidemark.errors import SettingsError
from include.tidemark.pipeline.resolve import resolve_run
from include.tidemark.rules import load_rules
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.sources.sources_file import sources_model

USERS = "users:\n  files: customers.csv\n  columns: {user_id: id, created_at: joined}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    return tmp_path / "config"


def config_of(folder: Path, **more: object):
    return load_config(Settings(config_dir=folder, **more), {})


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")


def test_an_empty_folder_is_the_product_s_own_rules_and_the_raw_contract(folder: Path) -> None:
    (folder / "README.md").write_text("about it")
    config = config_of(folder)
    assert config.rules == load_rules(None, {})
    assert (config.documents, config.places) == ({}, {})


def test_a_folder_that_nobody_named_may_be_missing(tmp_path: Path) -> None:
    settings = Settings.model_construct(_fields_set=set(), config_dir=tmp_path / "none")
    assert load_config(settings, {}).documents == {}


@pytest.mark.parametrize("what", ["missing", "a file", "unreadable"])
def test_a_named_folder_that_can_not_be_read_is_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    named, sentence = (
        folder,
        r"can't be read \(Permission denied\); correct TIDEMARK_CONFIG_DIR or its permissions",
    )
    if what == "missing":
        named, sentence = (
            folder / "none",
            r"TIDEMARK_CONFIG_DIR is .*none, which does not exist; .*tidemark init",
        )
    elif what == "a file":
        named, sentence = folder / "file", r"can't be read \(Not a directory\); correct TIDEMARK_CONFIG_DIR"
        named.write_text("")
    else:  # by permission: the tests' user may read everything

        def refuse(_: Path) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(SettingsError, match=sentence):
        config_of(named)


def test_a_folder_above_which_nothing_may_be_read_is_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    settings = Settings(config_dir=folder)
    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(SettingsError, match="Permission denied"):
        load_config(settings, {})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("source.yml", "did you mean sources.yml"),
        ("sources.yaml", "did you mean sources.yml"),
        ("SOURCES.YML", "Rename or remove it"),
        ("Rules.yml", "did you mean rules.yml"),
        ("segments.yml", "Rename or remove it"),
    ],
)
def test_a_yaml_file_that_nobody_reads_is_refused_instead_of_ignored(
    folder: Path, name: str, hint: str
) -> None:
    (folder / name).write_text("")
    with pytest.raises(SettingsError, match=rf"{name} is no file of a configuration folder; .*{hint}"):
        config_of(folder)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"sources": "users:\n  file: a.csv\n"}, r"sources\.yml, line 2: 'users\.file' is not known; did you mean 'files'"),
        ({"sources": USERS.replace("joined", "now()")}, r"sources\.yml, line 3: users\.columns\.created_at: 'now\(\)'"),
        ({"sources": "- users\n"}, r"sources\.yml must hold a mapping"),
        ({"rules": "currency: EUR\n", "sources": "transactions: {files: a, columns: {transaction_id: a, user_id: b, transaction_at: c,"
          " amount: {from: d, currency: USD}}}\n"}, r"sources\.yml, line 1: .*in USD, but the deployment's currency is EUR"),
        ({"rules": "business_timezone: Europe/Berlim\n"}, r"rules\.yml, line 1 can't be used: 'Europe/Berlim' is not an IANA time zone; did you mean Europe/Berlin\? Correct"),
        ({"rules": "\nlookback_day: 4\n"}, r"rules\.yml, line 2: unknown rule 'lookback_day'; did you mean 'lookback_days'"),
        ({"rules": "\nlookback_days: -4\n"}, r"Rule 'lookback_days' from .*rules\.yml, line 2 can't be used"),
    ],
    ids=["an unknown key", "a function", "a list", "another currency than the rules'", "a zone that nobody knows", "an unknown rule", "a rule out of range"],
)  # fmt: skip
def test_what_a_file_says_wrongly_is_named_by_file_line_and_key(
    folder: Path, files: dict[str, str], sentence: str
) -> None:
    write(folder, **files)
    with pytest.raises(SettingsError, match=sentence):
        config_of(folder)


def test_the_rules_of_the_folder_are_the_run_s(folder: Path) -> None:
    write(folder, rules="high_value_min_travel_pct: 12.5\n")
    assert config_of(folder).rules.high_value_min_travel_pct == 12.5


def test_the_file_of_the_deprecated_variable_is_read_with_a_warning(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rules = tmp_path / "my_rules.yml"
    rules.write_text("high_value_min_travel_pct: 12.5\n")
    with caplog.at_level(logging.WARNING):
        config = config_of(folder, rules_file=rules)
    assert config.rules.high_value_min_travel_pct == 12.5
    assert config.documents == {"rules.yml": {"high_value_min_travel_pct": 12.5}}
    assert (
        f"TIDEMARK_RULES_FILE is deprecated and not read any more from version 2.0.0 on: move {rules} to {folder / 'rules.yml'}"
        in caplog.text
    )


def test_rules_in_both_places_are_refused(folder: Path, tmp_path: Path) -> None:
    write(folder, rules="")
    with pytest.raises(
        SettingsError, match=r"Both TIDEMARK_RULES_FILE \(.*mine\.yml\) and .*rules\.yml hold rules; move"
    ):
        config_of(folder, rules_file=tmp_path / "mine.yml")


def test_the_digest_follows_what_is_said_and_neither_comments_nor_order(folder: Path) -> None:
    write(folder, sources=USERS)
    first = config_of(folder)
    write(
        folder,
        sources=f"# Ours, says Eve.\n{USERS.replace('{user_id: id, created_at: joined}', '{created_at: joined, user_id: id} # both')}",
    )
    assert config_of(folder).digest == first.digest
    write(folder, sources=USERS.replace("joined", "since"))
    assert config_of(folder).digest != first.digest
    write(folder, sources=USERS, rules="lookback_days: 4\n")
    assert config_of(folder).digest != first.digest
    assert digest_of(first.documents) == first.digest


def test_the_place_of_each_key_is_kept_for_messages(folder: Path) -> None:
    write(folder, sources="# Ours.\nusers:\n  files: customers.csv\n")
    assert config_of(folder).places["users.files"] == f"{folder / 'sources.yml'}, line 3"


def test_a_run_keeps_the_folder_that_it_was_resolved_with(folder: Path, tmp_path: Path) -> None:
    write(folder, sources=f"# token-in-a-comment\n{USERS}", rules="lookback_days: 4 # token-in-a-comment\n")
    settings = Settings(
        config_dir=folder,
        duckdb_path=tmp_path / "warehouse.duckdb",
        id_hash_key="a key for tests only, 16 and more",
    )
    now = datetime(2026, 11, 2, tzinfo=UTC)
    run = resolve_run(
        settings, parameters={"as_of_date": "2026-11-01"}, dag_run_id="test", run_after=now, started_at=now
    )
    write(folder, sources=USERS.replace("joined", "since"), rules="lookback_days: 5\n")
    later = Run.from_xcom(run.to_xcom())
    users = sources_model().model_validate(later.config["sources.yml"]).mapped()["users"]
    assert users.mapping_of("created_at").from_ == "joined"
    assert (later.rules.lookback_days, later.config["rules.yml"]) == (4, {"lookback_days": 4})
    assert later.config_hash == digest_of(later.config) == run.config_hash
    assert "token-in-a-comment" not in str(run.to_xcom())


@pytest.mark.parametrize("pattern", ["../orders.csv", "/etc/passwd", "s3://elsewhere/orders.csv"])
def test_a_pattern_that_leaves_the_landing_folder_is_refused_before_anything_runs(
    folder: Path, pattern: str
) -> None:
    write(folder, sources=f"users:\n  files: {pattern}\n")
    with pytest.raises(SettingsError, match=r"sources\.yml, line 2: users\.files: ") as refused:
        config_of(folder)
    assert wrong("users", refused.value).action == "Write what follows the landing URL."
