"""Which table of the contract each source is, and which of its columns become the table's."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from include.tidemark.init import names
from include.tidemark.init.amounts import number_form
from include.tidemark.init.candidates import Candidate, UserIds, candidates
from include.tidemark.init.facts import Facts
from include.tidemark.init.references import reference
from include.tidemark.init.seen import Look
from include.tidemark.sources.contract import SourceTable, source_tables

_ENOUGH = 0.5
"""Score from which a source is taken for a table; all required columns by their very names make about 1."""
_NAMED_LIKE_IT = 0.2
_OPTIONAL = 0.03
_CLOSE = 0.06
"""Two candidates whose scores are nearer than this are both likely."""
_TELLING = {
    "users": ("user_id",),
    "events": ("event_at",),
    "transactions": ("amount_usd", "transaction_at"),
    "fee_periods": ("period_start_date", "period_end_date"),
}
"""Columns without which a source is not taken for the table."""
_MADE_OF_OTHERS = ("event_id", "transaction_id")
"""Ids that can be made of the other columns where a source has none."""


@dataclass(frozen=True)
class Match:
    """A source as one table of the contract."""

    table: SourceTable
    look: Look
    columns: tuple[Facts, ...]
    chosen: dict[str, Candidate]
    """By the contract's column."""
    rivals: dict[str, tuple[str, ...]]
    """Other columns of the source that are about as likely, by the contract's column."""
    score: float


@dataclass(frozen=True)
class Matches:
    """What was recognised, in the contract's order, and what was not."""

    found: tuple[Match, ...]
    left: tuple[tuple[Look, str | None], ...]
    """Each with the table that it is like as well, where another source is more like it."""


def match_tables(looks: Sequence[Look]) -> Matches:
    """Give each source to the table that it is most like; a table gets one source."""
    columns = {look.named: _facts(look) for look in looks}
    tables = list(source_tables().values())
    # Who the users are tells which columns of the other sources name them.
    first = _assigned([_match(table, look, columns[look.named], None) for table in tables for look in looks])
    users = first.get("users")
    ids = _user_ids(users) if users is not None else None
    tried = [
        _match(table, look, columns[look.named], None if users is not None and look is users.look else ids)
        for table in tables
        for look in looks
    ]
    found = _assigned(tried)
    placed = {match.look.named for match in found.values()}
    return Matches(
        tuple(found[table.name] for table in tables if table.name in found),
        tuple((look, _like(look, tried)) for look in looks if look.named not in placed),
    )


def _assigned(tried: Sequence[Match]) -> dict[str, Match]:
    """The likeliest source of each table, and the likeliest table of each source."""
    found: dict[str, Match] = {}
    for match in sorted(tried, key=lambda each: -each.score):
        taken = {each.look.named for each in found.values()}
        if match.score >= _ENOUGH and match.table.name not in found and match.look.named not in taken:
            found[match.table.name] = match
    return found


def _like(look: Look, tried: Sequence[Match]) -> str | None:
    best = max((match for match in tried if match.look is look), key=lambda match: match.score)
    return best.table.name if best.score >= _ENOUGH else None


def _facts(look: Look) -> tuple[Facts, ...]:
    form = number_form(look.columns)
    return tuple(
        Facts(look, column, form)
        for column in look.columns
        if reference(column.name, look.dialect) is not None
    )


def _user_ids(users: Match) -> UserIds | None:
    chosen = users.chosen.get("user_id")
    if chosen is None:
        return None
    rows = users.look.row_count
    return UserIds(chosen.facts.distinct, min(1.0, users.look.sampled / rows) if rows else 0.0)


def _match(table: SourceTable, look: Look, columns: tuple[Facts, ...], users: UserIds | None) -> Match:
    likely = candidates(table, columns, users)
    chosen: dict[str, Candidate] = {}
    for candidate in likely:
        taken = {each.name for each in chosen.values()}
        if candidate.column.name not in chosen and candidate.name not in taken:
            chosen[candidate.column.name] = candidate
    taken = {each.name for each in chosen.values()}
    rivals = {
        name: tuple(
            each.name
            for each in likely
            if each.column.name == name and each.name not in taken and each.score > best.score - _CLOSE
        )
        for name, best in chosen.items()
    }
    return Match(table, look, columns, chosen, rivals, _score(table, look, chosen))


def _score(table: SourceTable, look: Look, chosen: dict[str, Candidate]) -> float:
    if any(name not in chosen for name in _TELLING.get(table.name, ())):
        return 0.0
    if table.name == "market_prices" and not {"btc_usd", "eth_usd"} & set(chosen):
        return 0.0
    required = [column.name for column in table.file_columns if column.required]
    scores = [chosen[name].score if name in chosen else 0.5 * (name in _MADE_OF_OTHERS) for name in required]
    optional = sum(each.by_name for name, each in chosen.items() if name not in required)
    score = sum(scores) / len(scores) + _OPTIONAL * optional
    if _is_named_like(table.name, look):
        score += _NAMED_LIKE_IT
    if table.name == "transactions" and _names_events(look):
        score -= _NAMED_LIKE_IT
    return score


def _is_named_like(table: str, look: Look) -> bool:
    found = names.tokens(look.named)
    pairs = [one + other for one, other in pairwise(found)]
    return bool({*found, *pairs} & set(names.words("tables", table)))


def _names_events(look: Look) -> bool:
    """Whether a column says what was done, which a table of purchases rarely tells."""
    return any(names.joined(column.name) in ("event", "eventname", "eventtype") for column in look.columns)
