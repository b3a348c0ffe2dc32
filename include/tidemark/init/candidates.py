"""How much a column of a source speaks for a column of the contract: by its name, its type and its values."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.tidemark.init import names
from include.tidemark.init.facts import Facts
from include.tidemark.sources.contract import Column, SourceTable
from include.tidemark.sources.kinds import Kind

BY_VALUES = 0.35
"""What the values alone can speak for at most, without a name that says it; the best name speaks for 1."""

BY_ADDRESS = 0.5
"""What an e-mail address speaks for a user's id, where nothing else does."""

_MOST_DISTINCT = {"platform": 60, "country": 260, "status": 30, "category": 500, "event_name": 1_000}
_NEARLY_ALL = 0.8
_FEW_REPEATS = 0.2
"""Share of events that may have been delivered again."""


@dataclass(frozen=True)
class Candidate:
    """One column of a source for one of the contract."""

    column: Column
    facts: Facts
    score: float
    doubts: tuple[str, ...] = ()
    by_name: bool = True

    @property
    def name(self) -> str:
        """The source's column."""
        return self.facts.column.name


@dataclass(frozen=True)
class UserIds:
    """The ids of the users, as far as they were sampled."""

    values: frozenset[str]
    share: float
    """Of all users, those in the sample; 0 where nobody counted them."""

    def are_in(self, facts: Facts) -> bool:
        """Whether a column's values are these ids, beyond what a small range of numbers makes likely."""
        if self.share == 0 or len(facts.distinct) < _FEWEST_IDS:
            return False
        known = sum(value in self.values for value in facts.distinct) / len(facts.distinct)
        return known > _NEARLY_ALL * self.share


_FEWEST_IDS = 30


def candidates(table: SourceTable, columns: Sequence[Facts], users: UserIds | None) -> list[Candidate]:
    """Every column of a source that could be one of a table's, the likeliest first.

    Args:
        users: ids of the users, where their source is known.
    """
    found = [
        candidate
        for column in table.file_columns
        for facts in columns
        if (candidate := _candidate(table.name, column, facts, columns, users)) is not None
    ]
    return sorted(found, key=lambda each: -each.score)


def _candidate(
    table: str, column: Column, facts: Facts, columns: Sequence[Facts], users: UserIds | None
) -> Candidate | None:
    score = _name_score(table, column.name, facts)
    fit, doubts = _fit(column, facts)
    if fit == 0:
        return None
    if column.name == "user_id" and users is not None and table != "users" and users.are_in(facts):
        return Candidate(column, facts, max(score, 0.95), doubts)
    if column.name == "user_id" and table != "users" and facts.are_addresses:
        return Candidate(column, facts, BY_ADDRESS, doubts)
    if score == 0:
        return _by_values(column, facts, columns) if column.required else None
    if score < names.SURE:
        doubts = (*doubts, "the name says it only in part")
    if facts.column.partition:
        score /= 2
    return Candidate(column, facts, score * fit, doubts)


def _name_score(table: str, column: str, facts: Facts) -> float:
    name = facts.column.name
    score = names.name_score(name, names.synonyms(table, column))
    found = set(names.tokens(name))
    if score < names.SURE and column == "amount_usd" and found & set(names.words("other_amounts")):
        return 0.0
    if score < names.SURE and column.endswith("_id") and found & set(names.words("no_ids")):
        return 0.0
    return score


def _by_values(column: Column, facts: Facts, columns: Sequence[Facts]) -> Candidate | None:
    """A required column that no name speaks for."""
    doubts = ("by its values alone, no name says it",)
    only = [each for each in columns if _fit(column, each)[0] == 1]
    if column.data_type in ("timestamp", "date"):
        # Numbers are times only where a name says so.
        speaks = facts.moments is not None and not facts.moments.is_epoch and len(only) == 1
    elif column.data_type.startswith("decimal"):
        speaks = not facts.are_whole and len([each for each in only if not each.are_whole]) == 1
    elif column.unique:
        speaks = facts.is_unique and facts.look.columns[0] == facts.column and facts.moments is None
    else:
        speaks = column.name == "event_name" and len(facts.few(200)) > 1
    return Candidate(column, facts, BY_VALUES, doubts, by_name=False) if speaks else None


def _fit(column: Column, facts: Facts) -> tuple[float, tuple[str, ...]]:  # noqa: PLR0911 - one return per type
    """How well a column's values suit, from 0 to 1, and what is wrong with them."""
    kind = facts.column.kind
    if column.name == "properties":
        return float(facts.are_json), ()
    if not facts.values or kind in (Kind.JSON, Kind.OTHER):
        return 0.0, ()
    if column.data_type in ("timestamp", "date"):
        return _fit_of_time(column, facts)
    if column.data_type.startswith("decimal") or column.data_type == "double":
        return _fit_of_number(facts)
    if column.data_type == "boolean":
        return float(facts.truths is not None), ()
    if column.name in ("email", "username"):
        return float(kind is Kind.TEXT and facts.are_addresses == (column.name == "email")), ()
    if column.unique or column.name in ("user_id", "session_id"):
        return _fit_of_id(column, facts)
    return _fit_of_name(column, facts), ()


def _fit_of_time(column: Column, facts: Facts) -> tuple[float, tuple[str, ...]]:
    if facts.moments is None:
        if facts.most_moments is None:
            return 0.0, ()
        _, share = facts.most_moments
        return 0.5, (f"only about {share:.0%} of the sampled values are written so, and every one has to be",)
    if column.data_type == "date" and not facts.moments.days_only:
        return 0.8, ("it has times of day, but days are wanted",)
    return 1.0, ()


def _fit_of_number(facts: Facts) -> tuple[float, tuple[str, ...]]:
    if facts.numbers is not None:
        return (0.6 if facts.are_whole and facts.is_unique and len(facts.values) > _FEWEST_IDS else 1.0), ()
    if facts.column.kind is not Kind.TEXT:
        return 0.0, ()
    read = sum(facts.form.read(value) is not None for value in facts.bare.values)
    if read < _NEARLY_ALL * len(facts.values):
        return 0.0, ()
    return 0.5, ("some values of the sample are no numbers",)


def _fit_of_id(column: Column, facts: Facts) -> tuple[float, tuple[str, ...]]:
    if facts.column.kind not in (Kind.TEXT, Kind.INTEGER) or facts.truths is not None:
        return 0.0, ()
    if facts.column.kind is Kind.TEXT and facts.moments is not None and not facts.moments.is_epoch:
        return 0.0, ()
    if not column.unique or facts.is_unique:
        return 1.0, ()
    repeated = 1 - len(facts.distinct) / len(facts.values)
    if repeated == 0 or (column.at_least_once and repeated < _FEW_REPEATS):
        return 0.9, ()
    return 0.4, ("the same value is there in several rows",)


def _fit_of_name(column: Column, facts: Facts) -> float:
    if facts.column.kind not in (Kind.TEXT, Kind.INTEGER, Kind.BOOLEAN) or facts.are_addresses:
        return 0.0
    if facts.column.kind is not Kind.TEXT and column.name != "category":
        return 0.0
    if len(facts.distinct) > _MOST_DISTINCT.get(column.name, 1_000):
        return 0.0
    is_currency = facts.currencies is not None and names.is_one_of(facts.column.name, "currency")
    return 0.0 if is_currency or (facts.moments is not None and not facts.moments.is_epoch) else 1.0
