"""Words that programs write where they have no value are no ids: all rows with one would be one person's."""

import pytest

from tests.validation.world import World

PANDAS = [
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a",
    "nan", "null",
]  # fmt: skip
"""What `pandas.read_csv` takes for no value, as its documentation of `na_values` lists it."""


@pytest.mark.parametrize(
    "word", ["nan", "NULL", "\\N", "None", " n/a", "<NA>", "undefined", "(null)", "[NULL]", "#N/A"]
)
@pytest.mark.parametrize(
    ("table", "column"),
    [("users", "user_id"), ("transactions", "user_id"), ("transactions", "transaction_id")],
)
def test_a_word_for_nothing_in_an_id_stops_the_month(
    world: World, table: str, column: str, word: str
) -> None:
    world.sql(f"update raw.{table} set {column} = '{word}' where rowid = 0")
    severity, message = world.failures("sources")[f"null_word_{column}"]
    assert severity == "critical"
    assert f"raw.{table}.{column} holds a word for nothing, such as NULL or nan, in some rows (1)" in message


def test_every_word_that_pandas_takes_for_nothing_stops_it_in_one_go_with_others(world: World) -> None:
    words = [*PANDAS, "-", "?", "(none)", "#REF!"]
    values = ", ".join(f"({row}, '{word}')" for row, word in enumerate(words))
    world.sql(
        f"update raw.transactions set user_id = word from (values {values}) as w(row, word) where transactions.rowid = row"
    )
    _, message = world.failures("sources")["null_word_user_id"]
    assert f"in some rows ({len(words)})" in message


def test_an_id_that_only_begins_like_such_a_word_is_an_id(world: World) -> None:
    world.sql("update raw.transactions set transaction_id = 'null-7' where rowid = 0")
    assert not [name for name in world.failures("sources") if name.startswith("null_word")]
