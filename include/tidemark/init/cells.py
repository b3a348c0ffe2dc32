"""One column of the contract as the mapping has it, and what is not sure about it."""

from dataclasses import dataclass, field
from typing import Any

from include.tidemark.init import names
from include.tidemark.init.amounts import NumberForm
from include.tidemark.init.candidates import Candidate
from include.tidemark.init.facts import READ_AS_FALSE, READ_AS_TRUE
from include.tidemark.init.references import reference
from include.tidemark.init.statuses import known_status
from include.tidemark.sources.contract import Column
from include.tidemark.sources.kinds import Kind

_QUOTE = "'"
_MOST_STATUSES = 30


@dataclass(frozen=True)
class Cell:
    """How one column is made; without `source` the deployment has none."""

    column: Column
    source: str | None = None
    """A column's name or an expression."""
    options: dict[str, Any] = field(default_factory=dict)
    """What `ColumnMapping` has besides `from`."""
    doubts: tuple[str, ...] = ()
    named: str | None = None
    """The source's column that it is made of."""


def sql_name(candidate: Candidate) -> str:
    """The source's column as SQL has it."""
    found = reference(candidate.name, candidate.facts.look.dialect)
    return found if found is not None else f'"{candidate.name}"'


def as_text(candidate: Candidate) -> str:
    """SQL of the source's column as text."""
    name = sql_name(candidate)
    return name if candidate.facts.column.kind is Kind.TEXT else f"cast({name} as varchar)"


def as_number(candidate: Candidate) -> str:
    """SQL of the source's column as a number."""
    name, form = sql_name(candidate), candidate.facts.form
    if candidate.facts.column.kind is not Kind.TEXT:
        return name
    return f"cast({with_points(name, form)} as decimal(18, 4))"


def with_points(sql: str, form: NumberForm) -> str:
    """SQL of a number's text as SQL itself writes numbers."""
    if form.thousands:
        sql = f"replace({sql}, '{form.thousands.replace(_QUOTE, _QUOTE * 2)}', '')"
    return f"replace({sql}, ',', '.')" if form.decimal == "," else sql


def shown(name: str) -> str:
    """A source's column in a sentence."""
    return '"' + " ".join(name.split()) + '"'


BY_ADDRESS = "users are told apart by their e-mail address, because purchases or events have no id of theirs"


def user_cell(candidate: Candidate) -> Cell:
    """Who a row is of."""
    if candidate.facts.are_addresses:
        return Cell(
            candidate.column, f"lower({sql_name(candidate)})", doubts=(BY_ADDRESS,), named=candidate.name
        )
    return plain_cell(candidate)


def plain_cell(candidate: Candidate) -> Cell:
    """A column as it is."""
    doubts = candidate.doubts
    if candidate.column.name == "user_id" and names.is_one_of(candidate.name, "devices"):
        doubts = (*doubts, "these are devices or browsers, not accounts")
    return Cell(candidate.column, sql_name(candidate), doubts=doubts, named=candidate.name)


def truth_cell(candidate: Candidate) -> Cell:
    """A column that says true or false; words that the loader does not read are named."""
    unread = {
        value: truth
        for value, truth in (candidate.facts.truths or {}).items()
        if value.lower() not in READ_AS_TRUE | READ_AS_FALSE
    }
    options = {"values": unread} if unread else {}
    return Cell(candidate.column, sql_name(candidate), options, candidate.doubts, candidate.name)


def status_cell(candidate: Candidate) -> Cell:
    """The status of a transaction in the contract's three words."""
    values = candidate.facts.few(_MOST_STATUSES)
    known = {value: status for value in values if (status := known_status(value)) is not None}
    if not known:
        return Cell(
            candidate.column,
            doubts=(f'"{candidate.name}" could be it, but none of its values is known here',),
            named=None,
        )
    unknown = [value for value in values if value not in known]
    doubts = (
        [f"say which of posted, pending and declined is {', '.join(map(repr, unknown))}"] if unknown else []
    )
    doubts += [status.doubt for status in dict.fromkeys(known.values()) if status.doubt]
    renamed = {value: status.status for value, status in known.items() if value.lower() != status.status}
    options = {"values": renamed} if renamed else {}
    return Cell(candidate.column, sql_name(candidate), options, (*candidate.doubts, *doubts), candidate.name)


def seconds_cell(candidate: Candidate) -> Cell:
    """A length of time in seconds."""
    words = names.tokens(candidate.name)
    if {"ms", "msec", "millis", "milliseconds"} & set(words) or names.joined(candidate.name).endswith("ms"):
        return Cell(
            candidate.column, f"{as_number(candidate)} / 1000", doubts=candidate.doubts, named=candidate.name
        )
    return plain_cell(candidate)


def basis_points_cell(candidate: Candidate) -> Cell:
    """A fee in basis points, whatever the source has it in."""
    numbers = candidate.facts.numbers or ()
    words = set(names.tokens(candidate.name))
    if "bps" in names.joined(candidate.name) or {"basis", "basispunkte"} & words or not numbers:
        return plain_cell(candidate)
    if max(numbers) < 1 and not {"pct", "percent", "prozent"} & words:
        doubt, factor = "the numbers are taken for shares, so 0.0025 is 25 basis points", 10_000
    elif max(numbers) < 5:
        doubt, factor = "the numbers are taken for percentages, so 0.25 is 25 basis points", 100
    else:
        return plain_cell(candidate)
    return Cell(
        candidate.column,
        f"{as_number(candidate)} * {factor}",
        doubts=(*candidate.doubts, doubt),
        named=candidate.name,
    )
