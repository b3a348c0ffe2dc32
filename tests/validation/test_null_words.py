"""Words that programs write where they have no value are no ids: all rows with one would be one person's."""

import pytest

from tests.validation.world import World


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


def test_an_id_that_only_begins_like_such_a_word_is_an_id(world: World) -> None:
    world.sql("update raw.transactions set transaction_id = 'null-7' where rowid = 0")
    assert not [name for name in world.failures("sources") if name.startswith("null_word")]
