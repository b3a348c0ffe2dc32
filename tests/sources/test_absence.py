"""Files that came before and do not come any more stop the run, unless it says that they may be missing."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from include.tidemark.errors import SourceError
from include.tidemark.run import PublishedRun, Run, RunOptions, make_run_key
from include.tidemark.sources.absence import lost_files
from include.tidemark.sources.contract import source_tables
from tests.sources.shop import STARTED, Shop

HEADER = "transaction_id,user_id,transaction_at,amount_usd,fee_usd,category,status\n"
USERS = "user_id,created_at,platform,country,is_test_user,username,email\nu1,2026-01-01,,,,,\n"
PATTERN = "transactions:\n  files: orders/*.csv\n"
APPENDED = f"{PATTERN}  mode: append\n"
FOLDERS = "transactions:\n  files: orders/*/*.csv\n"


class Sender(Shop):
    """A deployment to which files of transactions are sent."""

    def __init__(self, folder: Path) -> None:
        self.landing = folder / "landing"
        (self.landing / "orders").mkdir(parents=True)
        (self.landing / "users.csv").write_text(USERS)
        super().__init__(folder, "", landing_url=self.landing.as_uri())
        self.runs = 0
        self.previous: PublishedRun | None = None

    def put(self, name: str, *ids: str) -> Path:
        file = self.landing / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(HEADER + "".join(f"{i},u1,2026-10-01,5,0,Gas,posted\n" for i in ids))
        return file

    def go(self, *allowed: str) -> Run:
        """Load, in a run of its own."""
        self.runs += 1
        run = self.resolve(started=STARTED + timedelta(hours=self.runs))
        options = RunOptions(allow_missing=allowed)
        return self.load(run.model_copy(update={"options": options, "previous": self.previous}))

    def publish(self, run: Run) -> None:
        """Let a run be the last publication."""
        self.previous = PublishedRun(as_of_date=run.as_of_date, run_key=run.run_key)

    @property
    def ids(self) -> list[str]:
        return [i for (i,) in self.rows("select transaction_id from raw.transactions order by 1")]


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    return Sender(tmp_path)


def remarks(run: Run) -> tuple[str, ...]:
    return run.rows_of("transactions").remarks


@pytest.mark.parametrize(
    ("sources", "name"),
    [("", "transactions.csv"), (PATTERN, "orders/1.csv"), (APPENDED, "orders/1.csv")],
    ids=["the contract's name", "a pattern", "a pattern that appends"],
)
@pytest.mark.parametrize("how", ["renamed", "no landing folder", "another landing folder"])
def test_a_table_whose_files_do_not_come_any_more_stops_the_run_until_it_is_allowed(
    sender: Sender, sources: str, name: str, how: str
) -> None:
    sender.say(sources)
    file = sender.put(name, "t1", "t2")
    sender.go()
    file.rename(sender.landing / "sales_2026_11.csv")
    if how == "no landing folder":
        sender.settings = sender.settings.model_copy(update={"landing_url": None})
    if how == "another landing folder":
        other = sender.folder / "other"
        other.mkdir()
        (other / "users.csv").write_text(USERS)
        sender.settings = sender.settings.model_copy(update={"landing_url": other.as_uri()})
    # Without a folder the users are missing, too: they are what is said first.
    table = "users" if how == "no landing folder" else "transactions"
    with pytest.raises(SourceError, match=rf"allow-missing {table}`") as stopped:
        sender.go()
    for words in (
        f"raw.{table}",
        "loaded at 2026-11-02 07:00 UTC",
        "none is at" if how != "no landing folder" else "TIDEMARK_LANDING_URL",
    ):
        assert words in str(stopped.value)
    run = sender.go("users", "transactions")
    assert sender.ids == ["t1", "t2"]
    (remark,) = remarks(run)
    assert "allow_missing was chosen" in remark and file.name in remark


def test_what_is_allowed_for_one_table_is_not_allowed_for_another(sender: Sender) -> None:
    file = sender.put("transactions.csv", "t1")
    sender.go()
    file.unlink()
    with pytest.raises(SourceError, match="allow-missing transactions"):
        sender.go("users")


def test_a_table_that_is_allowed_to_be_missing_still_has_to_be_somewhere(sender: Sender) -> None:
    with pytest.raises(SourceError, match=re.escape("needs the table raw.transactions")):
        sender.go("transactions")


def test_a_damaged_delivery_is_not_a_missing_one(sender: Sender) -> None:
    sender.put("transactions.csv", "t1")
    sender.go()
    (sender.landing / "transactions.csv").rename(sender.landing / "transactions.csv.gz")
    with pytest.raises(SourceError, match="contract reads only"):
        sender.go("transactions")


def test_a_table_that_others_fill_since_is_theirs(sender: Sender) -> None:
    file = sender.put("transactions.csv", "t1")
    sender.go()
    file.unlink()
    sender.execute(
        [
            "insert into raw.transactions select * replace ('t2' as transaction_id, _loaded_at + interval 1 day as _loaded_at)"
            " from raw.transactions"
        ]
    )
    assert remarks(sender.go()) == ()
    assert sender.ids == ["t1", "t2"]


def test_files_that_are_gone_without_others_in_their_place_stop_the_run(sender: Sender) -> None:
    sender.say(PATTERN)
    sender.put("orders/1.csv", "t1")
    second = sender.put("orders/2.csv", "t2", "t3")
    sender.go()
    second.unlink()
    with pytest.raises(
        SourceError, match=r"are gone, and with them 2 rows: \S+/orders/2.csv; upload them again"
    ):
        sender.go()
    assert sender.ids == ["t1", "t2", "t3"]
    run = sender.go("transactions")
    assert sender.ids == ["t1"]
    assert "2 rows" in remarks(run)[0]


def test_an_export_under_another_name_is_no_loss(sender: Sender) -> None:
    sender.say(PATTERN)
    first = sender.put("orders/2026-10.csv", "t1")
    sender.go()
    first.unlink()
    sender.put("orders/2026-11.csv", "t1", "t2")
    assert remarks(sender.go()) == ()


def test_the_oldest_file_of_a_row_of_files_may_go_with_a_warning_that_a_failed_run_does_not_take_along(
    sender: Sender,
) -> None:
    sender.say(PATTERN)
    oldest = sender.put("orders/2026-09.csv", "t1")
    sender.put("orders/2026-10.csv", "t2")
    sender.publish(sender.go())
    oldest.unlink()
    sender.put("orders/2026-11.csv", "t3")
    for _ in range(2):
        (remark,) = remarks(sender.go())
        assert "with them 1 rows" in remark and "2026-09.csv" in remark
    sender.publish(sender.go())
    assert remarks(sender.go()) == ()


def test_a_folder_that_is_gone_from_between_others_stops_the_run_and_a_rewritten_one_does_not(
    sender: Sender,
) -> None:
    sender.say(FOLDERS)
    sender.put("orders/dt=08/part-1.csv", "t1")
    middle = sender.put("orders/dt=09/part-1.csv", "t2")
    sender.put("orders/dt=10/part-1.csv", "t3")
    sender.go()
    sender.put("orders/dt=11/part-1.csv", "t4")
    middle.rename(middle.with_name("part-9.csv"))
    sender.go()
    middle.with_name("part-9.csv").unlink()
    sender.put("orders/dt=12/part-1.csv", "t5")
    with pytest.raises(SourceError, match="dt=09/part-9.csv"):
        sender.go()


def test_many_files_that_are_gone_are_counted_and_three_are_named() -> None:
    before = {f"a/{n}.csv": n for n in range(1, 8)}
    with pytest.raises(SourceError, match=r"with them 27 rows: a/2\.csv, a/3\.csv, a/4\.csv and 3 more"):
        lost_files(source_tables()["transactions"], before, ["a/1.csv"], allowed=False)


def test_a_name_that_is_no_source_table_is_refused() -> None:
    with pytest.raises(
        ValueError,
        match=r"'orders' is no source table and no column.* there are users, events, .* transactions\.status",
    ):
        RunOptions(allow_missing=("orders",))


def test_a_published_run_knows_when_it_started() -> None:
    key = make_run_key(STARTED.date(), STARTED, "test", 0)
    assert PublishedRun(as_of_date=STARTED.date(), run_key=key).started_at == STARTED
