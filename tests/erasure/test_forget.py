"""`forget` on a book of published runs: whose rows are gone, what else is as it was, and what is refused."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from jsonschema import Draft202012Validator

from include.tidemark.artifacts.manifest import manifest_schema
from include.tidemark.cli.main import main
from include.tidemark.erasure.listed import read_user_ids
from include.tidemark.errors import TidemarkError
from include.tidemark.pipeline.forget import forget_users
from include.tidemark.pipeline.rollback import roll_back
from tests.artifacts.months import MONTHS
from tests.erasure.conftest import AT, FORGOTTEN, Book, in_folder

SHOWN = (
    "select run_key, as_of_date from control.publications qualify row_number() over"
    " (partition by as_of_date order by publication_id desc) = 1 order by all"
)


def user_files(book: Book) -> dict[str, bytes]:
    """The files that have a column of user ids, by their header."""
    return {
        name: data
        for name, data in book.files().items()
        if (name.endswith(".csv") and b"customer_id" in data.split(b"\n", 1)[0])
        or "customer_segments.parquet" in name
    }


def test_rows_of_the_named_are_gone_from_every_table_and_file_and_nothing_else_is(book: Book) -> None:
    marks = [*FORGOTTEN, *(book.published(user_id) for user_id in FORGOTTEN)]
    before, rows = book.files(), book.query("select * from runs.customer_segments order by all")
    shown = book.query(SHOWN)

    outcome = book.forget(*FORGOTTEN, "", f"  {FORGOTTEN[0]} ", "nobody")

    assert (outcome.persons, outcome.found, outcome.problems) == (3, 2, [])
    left = book.query("select * from runs.customer_segments order by all")
    assert left == [row for row in rows if row["customer_id"] not in FORGOTTEN]
    assert len(rows) - len(left) == outcome.rows["runs.customer_segments"] == 2 * 4
    after = book.files()
    assert not [name for name, data in after.items() if any(mark.encode() in data for mark in marks)]
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    pointers = {"index.json", "latest.json", *(f"as_of={month}/current.json" for month in MONTHS[:2])}
    manifests = {name for name in after if name.endswith("manifest.json")}
    tables = {name for name in user_files(book) if any(mark.encode() in before[name] for mark in marks)}
    parquet = {name for name in before if name.endswith("/customer_segments.parquet")}
    assert changed == pointers | manifests | tables | parquet and len(tables) >= 4 and len(manifests) == 4
    for name in tables:
        lines = before[name].decode().splitlines(keepends=True)
        assert after[name].decode() == "".join(
            line for line in lines if not any(mark in line for mark in marks)
        )
    assert book.not_verified() == []
    assert book.query(SHOWN) == shown


def test_the_manifests_say_how_much_is_gone_and_why_and_keep_their_schema(book: Book) -> None:
    before = book.files()
    outcome = book.forget(*FORGOTTEN)
    after = book.files()
    assert len(outcome.runs) == 4
    for run in outcome.runs:
        path = f"as_of={run.as_of_date}/run={run.run_key}/manifest.json"
        old, new = json.loads(before[path]), json.loads(after[path])
        Draft202012Validator(manifest_schema()).validate(new)
        gone = {
            entry["path"]: previous["rows"] - entry["rows"]
            for previous, entry in zip(old["files"], new["files"], strict=True)
            if previous != entry
        }
        assert new.pop("erasures") == [
            {
                "erased_at": AT.isoformat(),
                "reason": "a request",
                "persons": 2,
                "files": len(gone),
                "rows": sum(gone.values()),
            }
        ]
        assert gone["data/customer_segments.csv"] == gone["data/customer_segments.parquet"] == 2
        assert {**new, "files": None} == {**old, "files": None}
        rows = list(
            csv.reader(
                io.StringIO(after[path.replace("manifest.json", "data/customer_segments.csv")].decode())
            )
        )
        listed = {entry["path"]: entry["rows"] for entry in new["files"]}
        assert len(rows) - 1 == listed["data/customer_segments.csv"]


def test_a_rollback_to_an_older_run_of_the_month_verifies_too(book: Book) -> None:
    first = book.query("select run_key from control.publications order by publication_id limit 1")[0][
        "run_key"
    ]
    book.forget(*FORGOTTEN)
    roll_back(MONTHS[0], first, book.settings, reason="test", by="test", dry_run=False)
    assert book.query(SHOWN)[0]["run_key"] == first
    assert book.not_verified() == []


def test_a_second_erasure_adds_to_the_first(book: Book) -> None:
    book.forget(FORGOTTEN[0])
    outcome = book.forget(*FORGOTTEN, reason=None)
    assert (outcome.persons, outcome.found) == (2, 1)
    entries = [
        json.loads(data)["erasures"] for name, data in book.files().items() if name.endswith("manifest.json")
    ]
    assert [[(e["persons"], e["reason"]) for e in each] for each in entries] == [
        [(1, "a request"), (1, None)]
    ] * 4
    assert book.not_verified() == []


def test_quotes_that_an_export_writes_around_ids_are_no_part_of_them(tmp_path) -> None:
    file = tmp_path / "ids.csv"
    file.write_text('"u-1"\r\n" u-2 "\nu"3\n"a ""b"""\n"\n')
    assert read_user_ids(str(file)) == {"u-1", "u-2", 'u"3', 'a "b"', '"'}


def test_ids_of_which_nothing_is_kept_change_nothing(book: Book) -> None:
    before, ledger = book.files(), book.query("select * from control.publications order by all")
    outcome = book.forget("nobody", "somebody else")
    assert (outcome.persons, outcome.found, outcome.rows["runs.customer_segments"]) == (2, 0, 0)
    assert book.files() == before
    assert book.query("select * from control.publications order by all") == ledger


def test_plain_ids_are_found_in_files_of_a_deployment_that_hashes_them_now(made_book, tmp_path) -> None:
    import shutil

    from include.tidemark.pipeline.publish import publish
    from include.tidemark.rules import load_rules
    from tests.artifacts.months import make_run, write_candidate

    plain = in_folder(tmp_path, user_ids="plain")
    run = make_run(MONTHS[0], load_rules(environ={}))
    write_candidate(plain.settings, run)
    publish(run, plain.settings)
    assert (
        b"'=HYPERLINK(1)" in plain.files()[f"as_of={MONTHS[0]}/run={run.run_key}/data/customer_segments.csv"]
    )
    outcome = in_folder(tmp_path).forget(*FORGOTTEN)
    assert (outcome.found, outcome.problems, plain.not_verified()) == (2, [], [])
    assert not [name for name, data in plain.files().items() if b"HYPERLINK" in data]
    shutil.rmtree(plain.root)


def test_files_of_another_key_are_named_and_all_else_is_erased(book: Book) -> None:
    from pydantic import SecretStr

    book.settings = book.settings.model_copy(update={"id_hash_key": SecretStr("another key, 16 and more")})
    before = book.files()
    outcome = book.forget(*FORGOTTEN)
    assert len(outcome.problems) == 4 and "TIDEMARK_ID_HASH_KEY" in outcome.problems[0]
    assert book.files() == before
    assert book.query(f"select 1 from runs.customer_segments where customer_id = '{FORGOTTEN[0]}'") == []
    again = in_folder(book.folder).forget(*FORGOTTEN)
    assert (again.found, again.problems, len(again.runs)) == (2, [], 4)
    assert book.not_verified() == []


@pytest.mark.parametrize("damaged", ["data/customer_segments.csv", "manifest.json"])
def test_a_file_that_was_damaged_before_is_named_and_never_blessed(book: Book, damaged: str) -> None:
    run_key = book.query(SHOWN)[1]["run_key"]
    file = book.root / f"as_of={MONTHS[1]}" / f"run={run_key}" / damaged
    file.write_bytes(file.read_bytes() + b"\n")
    outcome = book.forget(*FORGOTTEN)
    assert len(outcome.problems) == 1 and damaged in outcome.problems[0]
    assert len(outcome.runs) == 3
    assert [row["what"] for row in book.not_verified()] == [damaged]
    assert not (book.root / "erasing").exists()
    with pytest.raises(TidemarkError, match="run the command again"):
        forget_users(str(book.folder / "ids.txt"), None, book.settings, datetime(2026, 11, 21, tzinfo=UTC))


def test_the_command_prints_counts_and_warns_of_the_sources_and_never_prints_an_id(
    book: Book, monkeypatch, capsys, caplog
) -> None:
    for name, value in (
        ("DUCKDB_PATH", book.settings.duckdb_path),
        ("ARTIFACT_ROOT", book.settings.artifact_root),
        ("ID_HASH_KEY", book.settings.id_hash_key.get_secret_value()),
    ):
        monkeypatch.setenv(f"TIDEMARK_{name}", str(value))
    file = book.folder / "ids.txt"
    file.write_text("\n".join(FORGOTTEN), encoding="utf-8")
    with caplog.at_level("DEBUG"):
        assert main(["forget", "--user-id-file", str(file), "--reason", "a request"]) == 0
    told = capsys.readouterr()
    assert "persons found" in told.out and "at the source, too" in told.out
    assert not [
        text for text in (told.out, told.err, caplog.text) for user_id in FORGOTTEN if user_id in text
    ]
    assert main(["forget", "--user-id-file", file.as_uri(), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["unknown"] == 2


REFUSED = {
    "no file": (None, None, "can't be read"),
    "no id": (b"\n \n", None, "no user id"),
    "other encoding": ("Žižek".encode("utf-16"), None, "UTF-8"),
    "an id in the reason": (b"u-1\n", "because (u-1) asked", "names nobody"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_in_a_sentence_and_nothing_changes(book: Book, name: str) -> None:
    content, reason, words = REFUSED[name]
    file = book.folder / "given.txt"
    if content is not None:
        file.write_bytes(content)
    before = book.files()
    with pytest.raises(TidemarkError, match=words) as refused:
        forget_users(str(file), reason, book.settings, AT)
    assert "u-1" not in str(refused.value)
    assert book.files() == before


def test_a_raw_table_that_the_deployment_loads_itself_is_left_and_named(book: Book) -> None:
    book.execute(f"insert into raw.users values ('{FORGOTTEN[0]}')")
    book.execute("delete from control.loads where table_name = 'users'")
    outcome = book.forget(*FORGOTTEN)
    assert outcome.foreign == ["raw.users"] and "raw.users" in outcome.notes[0]
    assert book.query("select 1 from raw.users where user_id = ?", FORGOTTEN[0]) != []


def test_a_mapped_table_is_named_by_its_own_name(book: Book, tmp_path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "sources.yml").write_text(
        "users: {from: crm.people, columns: {user_id: person, created_at: since}}\n"
    )
    book.settings = book.settings.model_copy(update={"config_dir": config})
    outcome = book.forget(*FORGOTTEN)
    assert outcome.foreign == ["crm.people"] and outcome.landing == []


def test_after_facts_of_rows_of_others_were_erased_the_next_run_builds_all_days_again(book: Book) -> None:
    book.execute(
        "create table core.fct_customer_category_daily as select 'C00017' as user_id, 3 as purchase_count"
    )
    book.execute("create table raw.events (user_id varchar)")
    book.execute(
        "insert into control.fact_builds values ('of a run', 'key', true, timestamp '2026-09-01 06:00:00')"
    )
    book.forget("C00017")
    newest = book.query(
        "select basis, finished from control.fact_builds order by recorded_at desc, finished limit 1"
    )
    assert newest == [{"basis": "erasure", "finished": False}]
    assert book.query("select name, row_count from control.erasures where kind = 'source'") == [
        {"name": "transactions", "row_count": 3}
    ]


def test_a_landing_file_of_which_no_row_is_left_is_not_taken_for_a_new_one(book: Book) -> None:
    book.execute("alter table raw.users add column _file varchar")
    for user_id, file in (("C00017", "first.csv"), ("C00018", "second.csv"), ("C00017", "second.csv")):
        book.execute(f"insert into raw.users values ('{user_id}', '{file}')")
        book.execute(
            f"insert into control.loads (table_name, uri, fingerprint, row_count, loaded_at) values ('users', '{file}', 'f', 1, timestamp '2026-08-01')"
        )
    book.forget("C00017")
    counts = book.query(
        "select distinct uri, row_count from control.loads where uri like '%.csv' order by uri"
    )
    assert counts == [{"uri": "first.csv", "row_count": 0}, {"uri": "second.csv", "row_count": 1}]


def test_a_warehouse_that_is_not_there_is_refused_and_not_made(book: Book) -> None:
    nowhere = book.folder / "nowhere.duckdb"
    book.settings = book.settings.model_copy(update={"duckdb_path": nowhere})
    with pytest.raises(TidemarkError, match="TIDEMARK_DUCKDB_PATH"):
        book.forget(*FORGOTTEN)
    assert not nowhere.exists()
