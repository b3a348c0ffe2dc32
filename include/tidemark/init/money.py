"""Columns of amounts, and the currency that they are in."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.tidemark.currency import currency_named
from include.tidemark.init import names
from include.tidemark.init.amounts import SHARED, SYMBOLS
from include.tidemark.init.candidates import Candidate
from include.tidemark.init.cells import Cell, as_number, sql_name, with_points
from include.tidemark.init.facts import Facts
from include.tidemark.init.references import reference
from include.tidemark.sources.kinds import Kind

_FEW = 20


@dataclass(frozen=True)
class FoundCurrency:
    """The currency of a source's amounts."""

    code: str
    said_by: str
    """The code itself, or SQL of the column that says it in each row."""
    others: tuple[str, ...] = ()
    """Further currencies that the column says in other rows."""
    doubts: tuple[str, ...] = ()

    @property
    def condition(self) -> str | None:
        """Of the rows in this currency, where there are others."""
        return f"upper(trim({self.said_by})) = '{self.code}'" if self.others else None


def find_currency(amount: Candidate, columns: Sequence[Facts]) -> FoundCurrency | None:
    """The currency that a column of codes, the amounts' signs or their column's name says; None where nothing
    does."""
    for facts in columns:
        counts = facts.currencies
        if counts and names.name_score(facts.column.name, names.words("currency")) > 0:
            code, *others = counts
            if not _is_code(code):
                return None
            said_by = reference(facts.column.name, facts.look.dialect) or code
            doubts = (f"rows in {', '.join(others)} are left out by where",) if others else ()
            return FoundCurrency(code, said_by, tuple(others), doubts)
    sign = amount.facts.bare.sign
    if sign is not None:
        code = SYMBOLS.get(sign, sign)
        doubts = (f"{sign} is the sign of several currencies",) if sign in SHARED else ()
        return FoundCurrency(code, code, doubts=doubts) if _is_code(code) else None
    named = names.currency_in(amount.name)
    return FoundCurrency(named, named) if named and _is_code(named) else None


def _is_code(code: str) -> bool:
    """Whether a deployment may have the currency."""
    try:
        currency_named(code)
    except ValueError:
        return False
    return True


def amount_cell(candidate: Candidate, currency: FoundCurrency | None) -> Cell:
    """An amount as a plain number of whole units."""
    facts, doubts = candidate.facts, list(candidate.doubts)
    source = _number(candidate)
    if names.is_in_cents(candidate.name):
        source = f"{as_number(candidate) if source == sql_name(candidate) else source} / 100"
    elif facts.are_whole and len(facts.values) >= _FEW and max(facts.numbers or (0,)) >= 1_000:
        doubts.append("all amounts are whole numbers: if these are cents, write amount / 100")
    if not facts.form.sure:
        doubts.append("1,234 was taken for more than a thousand, not for a bit more than one")
    options = {}
    if currency is not None and candidate.column.name == "amount_usd":
        options["currency"] = currency.said_by
        doubts += currency.doubts
    return Cell(candidate.column, source, options, tuple(doubts), candidate.name)


def _number(candidate: Candidate) -> str:
    """SQL of the amount without a sign, and with the decimal point that the loader is told of."""
    facts, source = candidate.facts, sql_name(candidate)
    if facts.column.kind is not Kind.TEXT:
        return source
    bare = facts.bare
    if bare.sign:
        source = f"replace({source}, '{bare.sign}', '')"
        source = f"trim(replace({source}, '{bare.space}', ''))" if bare.space else f"trim({source})"
    # Where there are no CSV options to say these signs.
    return with_points(source, facts.form) if facts.look.csv is None else source
