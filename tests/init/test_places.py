"""Files or tables, and where files are as seen from the landing URL."""

from pathlib import Path

import pytest

from include.tidemark.errors import SourceError
from include.tidemark.init.places import FilesPlace, TablePlace, find_places


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("a,b\n1,2\n")


def patterns(*names: str, landing: str | None = None) -> list[str]:
    return [place.named for place in find_places(names, landing, "duckdb").found]


def test_without_a_landing_url_the_folder_that_the_files_share_stands_for_it(here):
    make(here, "in/users.csv", "in/old/orders.csv")
    places = find_places(["in/users.csv", "in/old/orders.csv"], None, "duckdb")
    assert places.root == (here / "in").as_uri()
    assert [place.named for place in places.found] == ["users.csv", "old/orders.csv"]


def test_files_are_seen_from_the_landing_url_by_whichever_way_they_are_named(here):
    make(here, "in/users.csv")
    landing = (here / "in").as_uri()
    for name in ("in/users.csv", "users.csv", str(here / "in/users.csv"), f"{landing}/users.csv"):
        assert find_places([name], landing, "duckdb").found == (FilesPlace(landing, "users.csv"),)


def test_a_file_outside_of_the_landing_url_is_refused(here):
    make(here, "users.csv")
    (here / "in").mkdir()
    with pytest.raises(SourceError, match=r"users.csv is not below the landing URL file://.*/in"):
        find_places(["users.csv"], (here / "in").as_uri(), "duckdb")


def test_signs_of_patterns_in_a_file_s_name_mean_themselves(here):
    make(here, "in/orders[1].csv", "in/users.csv")
    assert patterns("in/orders[1].csv", "in/users.csv") == ["orders[[]1].csv", "users.csv"]


def test_patterns_stay_as_they_are(here):
    make(here, "in/orders/dt=2026-01-01/a.csv")
    assert patterns("in/orders/dt=*/*.csv") == ["dt=*/*.csv"]
    assert patterns("orders/dt=*/*.csv", landing=(here / "in").as_uri()) == ["orders/dt=*/*.csv"]


def test_files_that_differ_by_numbers_alone_are_one_source(here):
    make(here, "in/orders-2026-01.csv", "in/orders-2026-02.csv", "in/users.csv")
    assert patterns("in/orders-2026-01.csv", "in/orders-2026-02.csv", "in/users.csv") == [
        "orders-*-*.csv",
        "users.csv",
    ]


def test_a_folder_is_each_of_its_files_and_each_folder_in_it(here):
    make(
        here,
        "in/users.csv",
        "in/orders/2026-01.csv",
        "in/orders/2026-02.csv",
        "in/events/dt=2026-01-01/part-0.csv",
        "in/_tmp/x.csv",
    )
    assert patterns("in") == ["users.csv", "events/dt=*/*.csv", "orders/*-*.csv"]


def test_a_folder_that_spark_wrote_is_one_source(here):
    make(here, "in/orders/part-00000.csv", "in/orders/_SUCCESS")
    assert patterns("in/orders") == ["orders"]
    assert find_places(["in/orders"], None, "duckdb").root == (here / "in").as_uri()


def test_folders_of_partitions_are_one_source(here):
    make(here, "in/orders/y=2026/m=01/a.csv", "in/orders/y=2026/m=02/b.csv")
    assert patterns("in/orders") == ["orders/y=*/m=*/*.csv"]


def test_object_storage_is_told_by_its_address(here):
    assert patterns("users.csv", "s3://bucket/in/orders/*.parquet", landing="s3://bucket/in") == [
        "users.csv",
        "orders/*.parquet",
    ]
    assert (
        find_places(["s3://bucket/in/users.csv", "s3://bucket/in/x/orders.csv"], None, "duckdb").root
        == "s3://bucket/in"
    )
    with pytest.raises(SourceError, match=r"not below the landing URL s3://bucket/in"):
        find_places(["s3://other/users.csv"], "s3://bucket/in", "duckdb")


def test_names_without_path_or_suffix_are_tables(here):
    assert find_places(["SHOP.ORDERS", '"My Orders"'], None, "duckdb").found == (
        TablePlace("SHOP.ORDERS"),
        TablePlace('"My Orders"'),
    )
    make(here, "orders")
    assert patterns("orders") == ["orders"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.csv", "There is no file missing.csv; correct the name."),
        ("in/*.parquet", "There is no file in/*.parquet; correct the name."),
        ("select 1", "'select 1' is no file, and no name of a table"),
        ("a.b.c.d", "is no file, and no name of a table"),
        ("orders; drop table x", "is no file, and no name of a table"),
        ("in", "The folder in holds no file of data"),
    ],
)
def test_what_is_neither_is_refused_in_one_sentence(here, name, sentence):
    make(here, "in/readme.md")
    with pytest.raises(SourceError) as refused:
        find_places([name], None, "duckdb")
    assert sentence in str(refused.value)


def test_files_of_several_stores_are_refused(here):
    make(here, "users.csv")
    with pytest.raises(SourceError, match="in several stores"):
        find_places(["users.csv", "s3://bucket/orders.csv"], None, "duckdb")
