"""Settings come from the environment, and a mistake there is one sentence."""

import pytest

from include.tidemark.errors import SettingsError
from include.tidemark.families import enabled_families
from include.tidemark.settings import load_settings


def test_the_default_is_the_embedded_warehouse_below_the_local_state():
    settings = load_settings()
    assert settings.warehouse == "duckdb"
    assert settings.duckdb_path.parts[-2:] == (".local", "warehouse.duckdb")


@pytest.mark.parametrize(
    ("name", "value"),
    [("TIDEMARK_WAREHOUSE", "oracle"), ("TIDEMARK_DBT_THREADS", "many"), ("TIDEMARK_SCHEDULE_END", "soon")],
)
def test_a_wrong_value_is_refused_with_the_variable_that_holds_it(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


def test_families_are_a_comma_separated_list(monkeypatch):
    monkeypatch.setenv("TIDEMARK_FAMILIES", " customer_segments , planners")
    assert load_settings().families == ("customer_segments", "planners")


def test_an_unknown_family_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match="unknown family 'nobody'; known families: customer_segments"):
        enabled_families(("customer_segments", "nobody"))


def test_the_id_key_never_shows_in_a_printed_setting(monkeypatch):
    monkeypatch.setenv("TIDEMARK_ID_HASH_KEY", "marked-secret-0123456789")
    settings = load_settings()
    assert "marked-secret" not in repr(settings) + str(settings) + settings.model_dump_json()
