"""An amount with more decimals than the contract has is rounded and counted, in every format; a floating
number's own noise is none."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.tidemark.pipeline.check import check_stage
from include.tidemark.run import Run
from tests.sources.shop import SOURCES, Shop, tables

USERS = "user_id,created_at,platform,country,is_test_user,username,email\nu1,2026-01-01,,,,,\n"
HEADER = "transaction_id,user_id,transaction_at,amount_usd,fee_usd,category,status\n"
WHOLE = ["12.34", "-12.3400", "0.1234", "99999999999999", "1e3", "12.34000000000", "0.30000000000000004", "1234567.8900000001"]  # fmt: skip
ROUNDED = ["12.34567", "-0.00001", "1.234567e1", "0.12345", "123456789.12345"]
FORMATS = {
    "csv": "csv",
    "double": "double",
    "text in Parquet": "varchar",
    "many decimals": "decimal(38, 18)",
}


class Landing(Shop):
    def __init__(self, folder: Path, sources: str = "") -> None:
        self.landing = folder / "landing"
        self.landing.mkdir()
        (self.landing / "users.csv").write_text(USERS)
        super().__init__(folder, sources, landing_url=self.landing.as_uri())

    def deliver(self, amounts: list[str], kind: str) -> None:
        """Write a file of transactions with these amounts."""
        if kind == "csv":
            rows = "".join(f"t{n},u1,2026-10-01,{amount},0,Gas,\n" for n, amount in enumerate(amounts))
            (self.landing / "transactions.csv").write_text(HEADER + rows)
            return
        values = " union all ".join(
            f"select 't{n}' as transaction_id, cast({amount!r} as {kind}) as amount_usd"
            for n, amount in enumerate(amounts)
        )
        with duckdb.connect() as engine:
            engine.execute(
                f"copy (select *, 'u1' as user_id, timestamp '2026-10-01' as transaction_at, 0.1::float as fee_usd, 'Gas' as category,"
                f" 'posted' as status from ({values})) to '{self.landing / 'transactions.parquet'}' (format parquet)"
            )

    def warnings(self, run: Run) -> list[str]:
        with_settings = self.settings.model_copy(update={"scratch_dir": None})
        said: list[str] = check_stage("sources", run, with_settings)["warnings"]
        return [warning for warning in said if "rounded" in warning]


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path)


@pytest.mark.parametrize("kind", FORMATS.values(), ids=FORMATS)
def test_values_with_too_many_decimals_are_counted_and_others_are_not(landing: Landing, kind: str) -> None:
    landing.deliver(WHOLE, kind)
    assert landing.load().rows_of("transactions").remarks == ()
    landing.deliver(WHOLE + ROUNDED, kind)
    (remark,) = landing.load().rows_of("transactions").remarks
    assert remark.startswith(
        f"{len(ROUNDED)} values in the landing files of raw.transactions have more decimals"
    )


def test_numbers_of_seven_digits_have_no_decimals_of_their_own(landing: Landing) -> None:
    landing.deliver(["12.34", "1234.5", "0.1"], "float")
    assert landing.load().rows_of("transactions").remarks == ()


def test_the_gate_says_it_also_in_a_month_that_loads_nothing(landing: Landing) -> None:
    landing.deliver([*WHOLE, *ROUNDED], "csv")
    for _ in range(2):
        (said,) = landing.warnings(landing.load())
        assert f"{len(ROUNDED)} values in the landing files" in said


def test_a_table_of_the_warehouse_is_warned_of_and_stops_nothing(tmp_path: Path) -> None:
    shop = Landing(tmp_path, SOURCES)
    shop.execute([*tables(), "update shop.orders set total = 12.345678 where state = 'paid'"])
    (said,) = shop.warnings(shop.load())
    assert "with more decimals than decimal(18,4) has, which are rounded (1)" in said


@pytest.mark.parametrize(("kind", "warned"), [("decimal(38, 10)", True), ("double", True), ("decimal(18, 4)", False)])  # fmt: skip
def test_a_raw_table_that_others_fill_is_warned_of(landing: Landing, kind: str, warned: Any) -> None:
    landing.deliver(["1.5"], "csv")
    run = landing.load()
    landing.execute(
        [
            f"alter table raw.transactions alter amount_usd type {kind}",
            "update raw.transactions set amount_usd = 12.345678",
        ]
    )
    assert bool(landing.warnings(run)) == warned
