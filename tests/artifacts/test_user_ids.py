"""User ids in files: joined from month to month, not with people."""

import hashlib
import hmac

import pytest
from pydantic import SecretStr

from include.tidemark.artifacts.user_ids import user_ids
from include.tidemark.errors import SettingsError
from include.tidemark.settings import Settings

KEY = "a key of the tests only"


def hashed(key=KEY):
    return user_ids(Settings(id_hash_key=SecretStr(key)))


def test_an_id_becomes_the_first_32_digits_of_its_keyed_hash():
    expected = hmac.new(KEY.encode(), b"C00001", hashlib.sha256).hexdigest()[:32]
    assert hashed().publish("C00001") == expected


def test_the_same_key_gives_the_same_hash_and_another_key_another():
    assert hashed().publish("Zoë") == hashed().publish("Zoë") != hashed(KEY + "!").publish("Zoë")


def test_plain_ids_are_published_as_they_are_in_their_own_order():
    ids = user_ids(Settings(user_ids="plain"))
    assert (ids.publish("C1"), ids.order_by("customer_id", "duckdb"), ids.order_parameters) == (
        "C1",
        "customer_id",
        (),
    )


@pytest.mark.parametrize(("key", "wrong"), [(None, "not set"), ("short", "too short")])
def test_without_a_usable_key_nothing_is_published(key, wrong):
    settings = Settings(id_hash_key=SecretStr(key) if key else None)
    with pytest.raises(SettingsError, match=f"TIDEMARK_ID_HASH_KEY is {wrong}"):
        user_ids(settings)


def test_the_message_about_a_bad_key_does_not_tell_it():
    with pytest.raises(SettingsError) as caught:
        user_ids(Settings(id_hash_key=SecretStr("tiny secret")))
    assert "tiny secret" not in str(caught.value)


def test_the_order_of_rows_uses_a_salt_that_is_not_the_key():
    ids = hashed()
    assert KEY not in "".join(ids.order_parameters)
    assert ids.order_parameters != hashed(KEY + "!").order_parameters
