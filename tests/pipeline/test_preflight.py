"""A DuckDB file that another process takes while a command works."""

import duckdb
import pytest

from include.tidemark.errors import SettingsError, TidemarkError
from include.tidemark.pipeline.preflight import naming_the_holder
from include.tidemark.settings import Settings
from tests.doctor.test_warehouse import held


@pytest.fixture
def settings(tmp_path) -> Settings:
    duckdb.connect(str(tmp_path / "warehouse.duckdb")).close()
    return Settings(duckdb_path=tmp_path / "warehouse.duckdb")


def test_a_failure_while_another_process_holds_the_file_names_that_process(settings):
    with (
        held(settings.duckdb_path),
        pytest.raises(TidemarkError, match=r"is open in another process, .* \(PID \d+\)"),
        naming_the_holder(settings),
    ):
        raise RuntimeError("dbt or the driver")


@pytest.mark.parametrize("error", [RuntimeError("its own reason"), KeyboardInterrupt()])
def test_any_other_failure_stays_as_it_is(settings, error):
    with pytest.raises(type(error)) as caught, naming_the_holder(settings):
        raise error
    assert caught.value is error


def test_an_error_that_says_its_reason_stays_whoever_holds_the_file(settings):
    with (
        held(settings.duckdb_path),
        pytest.raises(SettingsError, match="a reason"),
        naming_the_holder(settings),
    ):
        raise SettingsError("a reason")
