"""User ids in published files: a keyed hash, so that a file can be joined with the next month's but not with
people."""

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from include.tidemark.errors import SettingsError
from include.tidemark.settings import Settings

_DIGITS = 32
_REMEMBERED = 1 << 20
"""Ids whose hash is kept for the run's next table: some 250 MB, half of the time of a month's files at a
million users."""
_KEY_LENGTH = 16


@dataclass(frozen=True)
class UserIds:
    """How user ids leave the warehouse."""

    publish: Callable[[str], str]
    """What becomes of one id."""
    order_salt: str | None
    """Salt of the order of rows, or None where rows are in the order of the ids themselves.

    Rows in the order of the original ids would give the hash away to anyone who can sort a list of customers:
    the hundredth row would be the hundredth customer. The salt derives from the key and does not disclose it.
    """

    def order_by(self, column: str, dialect: str) -> str:
        """SQL that puts rows in a fixed order which tells nothing about the ids. Has one `?` if there is a
        salt."""
        if self.order_salt is None:
            return column
        return f"sha2(? || {column}, 256)" if dialect == "snowflake" else f"sha256(? || {column})"

    @property
    def order_parameters(self) -> tuple[str, ...]:
        """The parameters of `order_by`."""
        return () if self.order_salt is None else (self.order_salt,)


def user_ids(settings: Settings) -> UserIds:
    """How this deployment publishes user ids: HMAC-SHA256, the first 32 hexadecimal digits, unless it chose
    plain ids.

    Raises:
        SettingsError: ids are to be hashed and there is no usable key.
    """
    if settings.user_ids == "plain":
        return UserIds(publish=str, order_salt=None)
    secret = settings.id_hash_key.get_secret_value() if settings.id_hash_key else ""
    if len(secret) < _KEY_LENGTH:
        wrong = "too short" if secret else "not set"
        raise SettingsError(
            f"TIDEMARK_ID_HASH_KEY is {wrong}: published user ids are hashed with it. Set it to a secret of at least"
            f" {_KEY_LENGTH} characters, the same every month, or set TIDEMARK_USER_IDS=plain to publish ids as they are."
        )
    key = secret.encode()
    hashed = _hashing(key)
    return UserIds(publish=hashed, order_salt=hashed("order of rows"))


def published_forms(settings: Settings, ids: Iterable[str]) -> dict[str, str]:
    """How each id may be written in published files, by that form: hashed with the present key, and plain.

    A deployment may have changed its mind about `TIDEMARK_USER_IDS` since a month was published.

    Raises:
        SettingsError: as in `user_ids`.
    """
    user_ids(settings)
    forms = {user_id: user_id for user_id in ids}
    if settings.id_hash_key:
        hashed = _hashing(settings.id_hash_key.get_secret_value().encode())
        forms |= {hashed(user_id): user_id for user_id in list(forms)}
    return forms


def _hashing(key: bytes) -> Callable[[str], str]:
    keyed = hmac.new(key, digestmod="sha256")

    @lru_cache(maxsize=_REMEMBERED)
    def hashed(user_id: str) -> str:
        # A copy has the key taken in: half the time of a new HMAC.
        of_one = keyed.copy()
        of_one.update(user_id.encode())
        return of_one.hexdigest()[:_DIGITS]

    return hashed
