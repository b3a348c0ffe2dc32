"""What had been loaded by an instant: exactly that, whatever came later; or a sentence that says what of it
is gone."""

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.tidemark.errors import SourceError
from include.tidemark.run import Run, RunOptions
from include.tidemark.warehouse import open_warehouse
from tests.sources.orders import Orders
from tests.sources.shop import STARTED, Shop, tables


def look(shop: Shop, known_at: datetime, **options: Any) -> Run:
    """A run that sees what had been loaded by then."""
    run = shop.resolve(started=STARTED + timedelta(days=9))
    return shop.load(run.model_copy(update={"options": RunOptions(known_at=known_at, **options)}))


def after(load: int) -> datetime:
    """Just after a load of `Orders.go`, and before the next."""
    return STARTED + timedelta(hours=load, minutes=30)


def known(shop: Orders, load: int, **options: Any) -> dict[str, float]:
    run = look(shop, after(load), **options)
    return {
        number: float(total)
        for number, total in shop.mapped(run, "transactions", "transaction_id, amount_usd")
    }


deliveries = st.lists(
    st.dictionaries(st.integers(1, 4), st.integers(1, 3), min_size=1, max_size=3), min_size=1, max_size=4
)
"""By load, the days whose files come, each with the number of its rows."""


@settings(max_examples=12)
@given(deliveries, st.data())
def test_rows_that_came_later_are_not_seen_and_a_file_that_came_again_is_said(
    loads: list[dict[int, int]], data: st.DataObject
) -> None:
    then = data.draw(st.integers(1, len(loads)))
    with TemporaryDirectory() as folder:
        shop = Orders(Path(folder))
        for number, files in enumerate(loads, start=1):
            for day, rows in files.items():
                shop.put(day, *(f"{day}-{row}={number}" for row in range(rows)))
            shop.go()
        before = shop.rows("select * from raw.transactions order by all")
        by_then = {day: number for number, files in enumerate(loads[:then], start=1) for day in files}
        again = {day for files in loads[then:] for day in files} & by_then.keys()
        if again:
            with pytest.raises(
                SourceError, match=f"{len(again)} of the {len(by_then)} landing files .* came again since"
            ):
                known(shop, then)
        else:
            newest = {day: files[day] for files in loads[:then] for day in files}
            assert known(shop, then) == {
                f"{day}-{row}": by_then[day] for day, rows in newest.items() for row in range(rows)
            }
        assert shop.rows("select * from raw.transactions order by all") == before


def test_nothing_that_has_landed_since_is_loaded(shop: Orders) -> None:
    shop.put(1, "a=1")
    shop.go()
    shop.put(2, "b=2")
    assert known(shop, 3) == {"a": 1}
    assert shop.loads == [("01.csv", 1)]


def test_where_it_is_allowed_the_rows_of_now_stand_in_for_those_that_are_gone_and_that_is_a_warning(
    shop: Orders,
) -> None:
    shop.put(1, "a=1")
    shop.put(2, "b=2")
    shop.go()
    shop.put(2, "b=20")
    shop.put(3, "c=3")
    shop.go()
    with pytest.raises(SourceError, match=r"1 of the 2 landing files .* \(`--allow-missing transactions`\)"):
        known(shop, 1)
    run = look(shop, after(1), allow_missing=("transactions",))
    assert shop.mapped(run, "transactions", "transaction_id, amount_usd") == [("a", 1), ("b", 20)]
    (remark,) = run.rows_of("transactions").remarks
    assert "their rows of now are used; allow_missing was chosen" in remark
    assert (run.rows_of("transactions").delivered, run.rows_of("transactions").landed) == (2, True)


def test_a_table_that_was_replaced_as_a_whole_is_refused_and_not_empty(shop: Orders) -> None:
    shop.put(1, "a=1")
    shop.go()
    (shop.landing / "users.csv").write_text("id,joined\n1,2026-01-01\n2,2026-02-01\n")
    shop.go()
    with pytest.raises(SourceError, match=r"raw\.users had at .* UTC were replaced as a whole since"):
        known(shop, 1)
    assert known(shop, 2) == {"a": 1}
    assert known(shop, 1, allow_missing=("users",)) == {"a": 1}


def test_before_the_first_load_nothing_was_known(shop: Orders) -> None:
    shop.put(1, "a=1")
    shop.go()
    with pytest.raises(
        SourceError, match=r"No row of raw\.users had been loaded by .*; choose a later known_at"
    ):
        known(shop, 0)


def test_rows_of_erased_persons_are_missing_and_that_is_a_warning(shop: Orders) -> None:
    shop.put(1, "a=1", "b=2")
    shop.go()
    with open_warehouse(shop.settings) as warehouse:
        warehouse.execute("delete from raw.transactions where transaction_id = 'b'")
        warehouse.insert(
            "control.erasures",
            [
                {
                    "erased_at": after(2).replace(tzinfo=None),
                    "persons": 1,
                    "kind": "source",
                    "name": "transactions",
                    "row_count": 1,
                }
            ],
        )
    run = look(shop, after(1))
    assert [
        remark
        for remark in run.rows_of("transactions").remarks
        if "1 rows of raw.transactions were erased" in remark
    ]


def test_of_own_tables_the_rows_that_were_loaded_by_then_are_seen_and_counted(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.execute(tables())
    shop.say(
        (tmp_path / "config" / "sources.yml")
        .read_text()
        .replace("  columns:\n    user_id: id", "  loaded_at: joined\n  columns:\n    user_id: id")
    )
    july = datetime.fromisoformat("2026-07-03T00:00:00+00:00")
    run = look(shop, july)
    assert [row[0] for row in shop.mapped(run, "transactions", "transaction_id")] == ["A-3", "A-4"]
    rows = run.rows_of("transactions")
    assert shop.rows(f"select count(*) from {rows.unfiltered} as counted") == [(4,)]
    assert "can't be seen as they were then" in rows.remarks[0]


def test_an_own_table_without_a_moment_of_load_is_named_with_what_to_do(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.execute(tables())
    with pytest.raises(
        SourceError,
        match=r"sources\.yml, line 2: users\.from: nothing says when a row of shop\.customers was loaded.*`loaded_at`",
    ):
        look(shop, STARTED)
