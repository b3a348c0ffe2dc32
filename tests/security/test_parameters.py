"""Params and the conf of a DAG run: whatever somebody triggers a run with, it is taken, or refused by one
sentence."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.tidemark.as_of import refuse_unseen, resolve_as_of_date
from include.tidemark.erasure.listed import read_user_ids
from include.tidemark.errors import RunIdentityError, SettingsError, TidemarkError
from include.tidemark.pipeline.resolve import _options
from include.tidemark.run import RUN_KEY, make_run_key
from include.tidemark.settings import load_settings
from tests.security import attacks

DUE = datetime(2026, 11, 1, 7, tzinfo=UTC)
NAMES = (
    "as_of_date", "full_refresh", "lookback_days", "allow_missing", "publish", "n_resamples", "confidence_level", "known_at", "run_key",
    "__class__",
)  # fmt: skip
conf = st.dictionaries(st.one_of(st.sampled_from(NAMES), attacks.texts), attacks.values, max_size=4)


@settings(max_examples=700)
@given(conf)
def test_any_conf_is_taken_or_refused_by_one_sentence(parameters):
    try:
        as_of_date = resolve_as_of_date(parameters.get("as_of_date"), None, DUE, "Europe/Berlin")
        options = _options(parameters, None)
    except RunIdentityError as error:
        attacks.is_one_sentence(error)
    else:
        assert (
            parameters.get("as_of_date") in (None, "") or as_of_date.isoformat() == parameters["as_of_date"]
        )
        assert set(options.model_dump()) == set(type(options).model_fields)


@pytest.mark.parametrize(
    "day", [0, False, 20261101, ["2026-11-01"], "20261101", "2026-W44-7", "2026-11-01\n", "\uff12026-11-01"]
)
def test_a_date_that_is_only_nearly_one_is_not_taken_for_today_or_for_another(day):
    with pytest.raises(RunIdentityError, match="is no date; write it as YYYY-MM-DD"):
        resolve_as_of_date(day, None, DUE, "UTC")


@pytest.mark.parametrize(
    "instant",
    [
        "2026-05-02T09:00:00", "2026-05-02", "2026-05-02 09:00+02:00", "2026-05-02T09:00:00+02:00\n", "1970-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", "2026-05-02T09:00:00+99:00", 1777777777, True, ["2026-05-02T09:00:00Z"],
    ],
)  # fmt: skip
def test_an_instant_without_its_offset_or_that_is_none_is_refused(instant):
    with pytest.raises(RunIdentityError, match="The parameter known_at can't be used: ") as refused:
        _options({"known_at": instant}, None)
    attacks.is_one_sentence(refused.value)


def test_an_instant_that_nobody_knows_yet_is_refused():
    options = _options({"known_at": "2026-11-01T08:00:01+01:00"}, None)
    with pytest.raises(RunIdentityError, match="2026-11-01T07:00:01Z is in the future"):
        refuse_unseen(options.known_at, DUE)
    refuse_unseen(DUE, DUE)


@given(st.sampled_from([True, False, None]))
def test_a_run_of_what_was_known_at_an_instant_is_never_published_and_has_another_key(publish):
    options = _options({"known_at": "2026-05-02T09:00:00+02:00", "publish": publish}, None)
    assert (options.publish, options.known_at.isoformat()) == (False, "2026-05-02T07:00:00+00:00")
    assert type(options).model_validate(options.model_dump(mode="json")) == options
    assert make_run_key(DUE.date(), DUE, "x", 0) != make_run_key(DUE.date(), DUE, "x", 0, options.known_at)


@settings(max_examples=100)
@given(attacks.texts)
def test_a_run_s_id_of_any_text_makes_a_key_that_is_safe_in_sql_files_and_addresses(run_id):
    assert RUN_KEY.fullmatch(make_run_key(DUE.date(), DUE, run_id.encode("utf-8", "replace").decode(), 0))


@settings(max_examples=100)
@given(attacks.texts)
def test_a_label_of_any_text_is_taken_or_refused_by_one_sentence(label):
    try:
        assert _options({}, label).run_hash == label
    except SettingsError as error:
        attacks.is_one_sentence(error)


@pytest.mark.parametrize("name", ["LANDING_URL", "ARTIFACT_ROOT"])
def test_a_password_in_an_address_is_refused_and_not_shown(monkeypatch, name):
    monkeypatch.setenv(f"TIDEMARK_{name}", f"s3://KEY:{attacks.SECRET}@bucket/x")
    with pytest.raises(
        SettingsError, match=f"TIDEMARK_{name} can't be used.*name an Airflow connection"
    ) as refused:
        load_settings()
    attacks.is_one_sentence(refused.value)


def test_nor_may_the_address_of_the_persons_who_are_to_be_forgotten_hold_one():
    with pytest.raises(TidemarkError, match="name an Airflow connection") as refused:
        read_user_ids(f"https://me:{attacks.SECRET}@example.org/ids.txt")
    attacks.is_one_sentence(refused.value)


@pytest.mark.parametrize("name", ["LANDING_URL", "ARTIFACT_ROOT"])
def test_azure_s_own_form_whose_container_airflow_takes_for_a_connection_is_refused(monkeypatch, name):
    monkeypatch.setenv(f"TIDEMARK_{name}", "abfs://container@account.dfs.core.windows.net/x")
    with pytest.raises(SettingsError, match=rf"{name} can't be used.*abfs://<container>/<prefix>") as refused:
        load_settings()
    attacks.is_one_sentence(refused.value)


@pytest.mark.parametrize(
    "url",
    ["s3://connection@bucket/x", "abfs://connection@container/x", "file:///a:b@c/d", "s3://bucket/a:b@c"],
)
def test_an_address_with_a_connection_or_a_strange_path_is_none_with_a_password(monkeypatch, url):
    monkeypatch.setenv("TIDEMARK_LANDING_URL", url)
    assert load_settings().landing_url == url
