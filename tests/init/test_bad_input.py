"""What `tidemark init` can't do is one sentence that says what to change: no traceback, no content, and
nothing written."""

import gzip
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.tidemark.cli.main import main
from include.tidemark.init import places as places_module
from tests.init.worlds import shop, write_csv


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIDEMARK_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("TIDEMARK_DUCKDB_PATH", str(tmp_path / "warehouse.duckdb"))
    return tmp_path


def refused(capsys, *arguments: str | Path) -> str:
    assert main(["init", *map(str, arguments)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("tidemark: ") and len(printed.err.strip().splitlines()) == 1
    return printed.err


FILES = {
    "empty.csv": b"",
    "blank.csv": b"\n\n",
    "header_only.csv": b"id,name\n",
    "letter.csv": b"Dear reader,\nthis is no table.\n",
    "letter.txt": b"Dear reader\nthis is no table\n",
    "image.csv": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00",
    "image.parquet": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00",
    "book.xlsx": b"PK\x03\x04" + b"x" * 50,
    "book.csv": b"PK\x03\x04" + b"x" * 50,
    "no_header.csv": b"1,secret@x.example\n2,other@x.example\n",
    "array.json": b'[{"id": "secret"}]',
    "broken.ndjson": b'{"id": "secret"}\n{"id": \n',
    "cut.csv.gz": gzip.compress(b"id,name\n" + b"1,secret\n" * 5_000)[:-20],
    "not.csv.gz": b"id,name\n1,secret\n",
    "twice.csv": b"id,Id\n1,secret\n",
    "ragged.csv": b"id,name\n" + b"1,secret\n" * 50 + b"2,secret,3\n",
    "cut.csv": b"id,name\n1,secret\n2,sec",
    "quotes.csv": b'id,name\n1,"secret\n2,b\n',
    "cut.parquet": b"PAR1" + b"x" * 50,
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_whole_table_is_refused_in_one_sentence_without_its_content(here, capsys, name):
    (here / name).write_bytes(FILES[name])
    sentence = refused(capsys, "--from", name)
    assert name in sentence
    assert "secret" not in sentence and "Dear" not in sentence
    assert not (here / "config").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.csv", "There is no file missing.csv"),
        ("folder", "holds no file of data"),
        ("half", "has no _SUCCESS"),
        ("select 1", "is no file, and no name of a table"),
        ("missing_table", "There is no DuckDB warehouse at"),
        ("*.parquet", "There is no file *.parquet"),
    ],
)
def test_a_name_of_nothing_is_refused_in_one_sentence(here, capsys, name, words):
    (here / "folder").mkdir()
    write_csv(here / "half/part-0.csv", ["a", "b"], [(1, 2)])
    assert words in refused(capsys, "--from", name)


def test_a_table_that_is_not_there_or_is_empty_is_refused(here, capsys):
    with duckdb.connect(here / "warehouse.duckdb") as engine:
        engine.execute("create schema shop; create table shop.empty (id bigint, name varchar)")
    assert "The table shop.orders can't be read: it does not exist" in refused(
        capsys, "--from", "shop.orders"
    )
    assert "shop.empty holds no row" in refused(capsys, "--from", "shop.empty")
    # A name alone is a table of the main schema, never a variable of this process or a file.
    assert "can't be read" in refused(capsys, "--from", "places_module")


def test_a_warehouse_that_is_no_duckdb_file_is_refused_at_once(here, capsys):
    (here / "warehouse.duckdb").write_bytes(b"not a database at all")
    assert "can't be opened as a DuckDB database" in refused(capsys, "--from", "shop.orders")


def test_a_warehouse_that_can_not_be_reached_is_refused(here, capsys, monkeypatch):
    monkeypatch.setenv("TIDEMARK_WAREHOUSE", "snowflake")
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_DEFAULT", '{"conn_type": "snowflake", "login": "secret"}')
    sentence = refused(capsys, "--from", "shop.orders")
    assert (
        "The warehouse of the connection snowflake_default can't be opened" in sentence
        and "secret" not in sentence
    )


def test_files_of_one_pattern_with_different_columns_are_refused(here, capsys):
    write_csv(here / "in/orders-1.csv", ["id", "total"], [(1, 2)])
    write_csv(here / "in/orders-2.csv", ["id", "amount"], [(1, 2)])
    sentence = refused(capsys, "--from", "in/orders-1.csv", "in/orders-2.csv")
    assert "orders-1.csv and orders-2.csv differ in amount, total" in sentence


def test_a_folder_or_file_that_may_not_be_read_is_refused(here, capsys, monkeypatch):
    shop(here / "in")

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(places_module.Path, "iterdir", denied)  # type: ignore[attr-defined]
        assert "/in can't be read (Permission denied); correct its permissions." in refused(
            capsys, "--from", "in"
        )
    with monkeypatch.context() as patched:
        patched.setattr("include.tidemark.init.look.stage", denied)
        assert "can't be read (Permission denied)" in refused(capsys, "--from", "in/orders.csv")


@pytest.mark.parametrize("name", ["sources.yml", "rules.yml"])
def test_an_existing_file_is_never_overwritten(here, capsys, name):
    shop(here / "in")
    (here / "config").mkdir()
    (here / "config" / name).write_text("# ours\n")
    sentence = refused(capsys, "--from", "in")
    assert (
        f"{here / 'config' / name} exists already and is left alone" in sentence and "--to FOLDER" in sentence
    )
    assert [(file.name, file.read_text()) for file in (here / "config").iterdir()] == [(name, "# ours\n")]


def test_a_place_that_can_not_be_written_is_refused(here, capsys, monkeypatch):
    shop(here / "in")
    (here / "taken").write_text("a file")
    assert "is a file, not a folder" in refused(capsys, "--from", "in", "--to", "taken")

    made = Path.mkdir

    def denied(folder: Path, *how: Any, **also: Any) -> None:
        if folder.name == "elsewhere":
            raise PermissionError(13, "Permission denied", str(folder))
        made(folder, *how, **also)

    monkeypatch.setattr(Path, "mkdir", denied)
    assert "can't be written (Permission denied)" in refused(capsys, "--from", "in", "--to", "elsewhere")


@pytest.mark.parametrize(
    "columns",
    [
        ["id", "a\nb", "created_at"],
        ['quo"te', "{{ x }}", "-- created"],
        ["select", "from", "where"],
        ["ID", "€", "日付"],
        ["x" * 300, "NULL", "#"],
    ],
)
def test_strange_names_of_columns_give_a_folder_that_can_be_read(here, capsys, columns):
    from include.tidemark.config.folder import load_config
    from include.tidemark.settings import Settings

    rows = [(f"u{n}", f"v{n}", f"2026-01-{1 + n % 28:02}") for n in range(60)]
    write_csv(here / "in/users.csv", columns, rows)
    assert main(["init", "--from", str(here / "in/users.csv")]) == 0
    load_config(Settings(config_dir=here / "config"), {})
