"""An id of newline-delimited JSON is a text or a whole number: anything else would be another person without
a word."""

import json
from pathlib import Path
from typing import Any

import pytest

from include.tidemark.errors import SourceError
from tests.sources.shop import Shop

USERS = "users:\n  files: users.ndjson\n  columns: {user_id: uid, created_at: joined, country: place ->> 'country', is_test_user: staff}\n"
SECRET = "eve@example.org"


class Players(Shop):
    """A shop whose users are objects."""

    def __init__(self, folder: Path, *more: dict[str, Any]) -> None:
        super().__init__(folder, USERS, landing_url=folder.as_uri())
        users = [
            {
                "uid": "7",
                "joined": "2025-01-01T00:00:00Z",
                "place": {"country": "BR"},
                "staff": True,
                "name": SECRET,
            },
            *more,
        ]
        (folder / "transactions.csv").write_text(
            "transaction_id,user_id,transaction_at,amount_usd,fee_usd,category,status\nT-1,7,2025-02-01,1,0,toys,posted\n"
        )
        (folder / "users.ndjson").write_text("".join(json.dumps(user) + "\n" for user in users))

    def ids(self) -> list[str]:
        return [
            row[0] for row in self.rows("select user_id from raw.users order by length(user_id), user_id")
        ]


def player(uid: Any, **more: Any) -> dict[str, Any]:
    return {
        "uid": uid,
        "joined": "2025-01-02T00:00:00Z",
        "place": {"country": "JP"},
        "staff": None,
        "name": SECRET,
    } | more


@pytest.mark.parametrize("uid", [1000.0, True, [SECRET], {"id": SECRET}, 1.5e300])
def test_an_id_that_is_no_text_stops_with_column_and_row_and_without_the_value(
    tmp_path: Path, uid: Any
) -> None:
    shop = Players(tmp_path, player("8"), player(uid), player(uid))
    with pytest.raises(SourceError) as caught:
        shop.load()
    message = str(caught.value)
    assert (
        "has 2 values in column user_id that are no texts but true, false, fractions, lists or objects"
        in message
    )
    assert (
        "(the first in data row 3)" in message and "users.columns.user_id" in message and "\n" not in message
    )
    assert SECRET not in message and "1000" not in message


def test_whole_numbers_of_any_size_are_the_texts_that_they_are_written_as(tmp_path: Path) -> None:
    shop = Players(tmp_path, player(9), player(-3), player(2**64), player(10**30 + 1))
    shop.load()
    assert shop.ids() == ["7", "9", "-3", str(2**64), str(10**30 + 1)]


def test_a_text_within_an_object_is_held_to_the_same(tmp_path: Path) -> None:
    shop = Players(tmp_path, player("8", place={"country": ["DE"]}))
    with pytest.raises(SourceError, match=r"1 values in column country that are no texts"):
        shop.load()


def test_what_where_leaves_out_does_not_count(tmp_path: Path) -> None:
    shop = Players(tmp_path, player(8.5, name=None), player("9"))
    shop.say(USERS + "  where: name is not null\n")
    shop.load()
    assert shop.ids() == ["7", "9"]


def test_values_may_name_true_and_false(tmp_path: Path) -> None:
    shop = Players(tmp_path, player("8", vip=True), player("9", vip=False), player("10", vip=None))
    shop.say(
        USERS.replace("is_test_user: staff", "platform: {from: vip, values: {'true': ios, 'false': android}}")
    )
    shop.load()
    assert shop.rows("select distinct platform from raw.users order by 1") == [
        ("android",),
        ("ios",),
        (None,),
    ]
