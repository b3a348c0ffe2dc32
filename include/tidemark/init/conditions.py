"""Which rows of a source count, and when they were loaded."""

from collections.abc import Collection

from include.tidemark.init import names
from include.tidemark.init.cells import shown, sql_name
from include.tidemark.init.facts import Facts
from include.tidemark.init.matching import Match
from include.tidemark.init.money import FoundCurrency
from include.tidemark.init.proposal import Guess
from include.tidemark.init.references import reference
from include.tidemark.sources.kinds import Kind
from include.tidemark.sources.sources_file import short_name

_CHANGED = "it may say when the row changed, and a row that was loaded late without a change would be missed"


def find_where(match: Match, currency: FoundCurrency | None, used: Collection[str | None]) -> Guess | None:
    """Rows that are no test, in the one currency, and have what no row can do without.

    Args:
        used: columns of the source that the mapping already reads.
    """
    parts: list[Guess] = []
    if match.table.name == "transactions" and currency is not None and currency.condition:
        parts.append(Guess(currency.condition, currency.doubts))
    for name, candidate in match.chosen.items():
        facts = candidate.facts
        if candidate.column.required and facts.has_nulls and facts.values:
            share = 100 * (1 - len(facts.values) / facts.look.sampled)
            parts.append(
                Guess(
                    f"{sql_name(candidate)} is not null",
                    (f"{share:.2g} % of the sampled rows have no {short_name(name)} and are left out",),
                )
            )
    if match.table.name in ("events", "transactions"):
        parts += [
            Guess(_no_test(facts), (f"rows that {shown(facts.column.name)} calls a test are left out",))
            for facts in match.columns
            if facts.column.name not in used
            and facts.truths is not None
            and names.is_one_of(facts.column.name, "test_row")
        ]
    if not parts:
        return None
    return Guess(
        " and ".join(part.sql for part in parts), tuple(doubt for part in parts for doubt in part.doubts)
    )


def _no_test(facts: Facts) -> str:
    name = reference(facts.column.name, facts.look.dialect) or ""
    if facts.column.kind is Kind.BOOLEAN:
        return f"not coalesce({name}, false)"
    if facts.column.kind is not Kind.TEXT:
        return f"coalesce({name}, 0) = 0"
    words = sorted({value.lower() for value, truth in (facts.truths or {}).items() if truth} | {"true"})
    return f"coalesce(lower(trim({name})), '') not in ({', '.join(repr(word) for word in words)})"


def find_loaded_at(match: Match, used: Collection[str | None]) -> Guess | None:
    """The column of a table of the warehouse that its loader writes."""
    if match.look.relation is None:
        return None
    free = [
        facts
        for facts in match.columns
        if facts.column.kind in (Kind.TIMESTAMP, Kind.ZONED)
        and facts.column.name not in used
        and facts.values
        and not facts.has_nulls
    ]
    for words, doubts in (("loaded_at", ()), ("changed_at", (_CHANGED,))):
        for facts in free:
            if names.is_one_of(facts.column.name, words):
                return Guess(reference(facts.column.name, match.look.dialect) or "", doubts)
    return None
