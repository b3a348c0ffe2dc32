"""The proposal: how each table of the contract is made of the sources, and which rules follow from them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from include.tidemark.config.rule_texts import rule_texts
from include.tidemark.init.candidates import Candidate
from include.tidemark.init.cells import (
    BY_ADDRESS,
    Cell,
    as_text,
    basis_points_cell,
    plain_cell,
    seconds_cell,
    shown,
    status_cell,
    truth_cell,
    user_cell,
)
from include.tidemark.init.conditions import find_loaded_at, find_where
from include.tidemark.init.matching import Match, Matches, match_tables
from include.tidemark.init.money import FoundCurrency, amount_cell, find_currency
from include.tidemark.init.nulls import with_null_words
from include.tidemark.init.proposal import Proposal, TableProposal
from include.tidemark.init.seen import Look
from include.tidemark.init.times import period_end_cell, time_cell
from include.tidemark.init.zones import currency_of_countries, zone_of_countries

_MADE_OF = {
    "event_id": ("user_id", "event_name", "event_at"),
    "transaction_id": ("user_id", "transaction_at", "amount_usd"),
}
_MADE_ID = "the source has no id: it is made of {parts}, so rows that agree in these are one row twice"


def propose(looks: Sequence[Look], now: datetime | None = None) -> Proposal:
    """Recognise the tables, map their columns, and collect what says time zone and currency.

    Args:
        now: the present moment with its zone, after which there is no as-of date.
    """
    matches = match_tables([with_null_words(look) for look in looks])
    zone = _business_zone(matches)
    currency = _currency(matches)
    business = zone[0] if zone else rule_texts()["business_timezone"].default
    today = now.astimezone(ZoneInfo(business)).date() if now else None
    tables = [_table(match, business, currency) for match in matches.found]
    return Proposal(tuple(_joined_by_address(tables)), matches.left, zone, currency, today)


def _business_zone(matches: Matches) -> tuple[str, str] | None:
    """The zone that most users live in."""
    for match in matches.found:
        if match.table.name == "users" and (country := match.chosen.get("country")) is not None:
            return zone_of_countries(country.facts.values)
    return None


def _currency(matches: Matches) -> FoundCurrency | None:
    """What the transactions say, else what most users pay in at home."""
    tables = {match.table.name: match for match in matches.found}
    amount = tables["transactions"].chosen.get("amount_usd") if "transactions" in tables else None
    if amount is None:
        return None
    if found := find_currency(amount, tables["transactions"].columns):
        return found
    country = tables["users"].chosen.get("country") if "users" in tables else None
    home = currency_of_countries(country.facts.values) if country is not None else None
    if home is None:
        return None
    return FoundCurrency(
        home[0], home[0], doubts=(f"nothing says the currency; most users are in {home[1]}",)
    )


def _table(match: Match, zone: str, currency: FoundCurrency | None) -> TableProposal:
    cells = {
        column.name: _cell(match, match.chosen[column.name], zone, currency)
        if column.name in match.chosen
        else Cell(column)
        for column in match.table.file_columns
    }
    for name, parts in _MADE_OF.items():
        if name in cells and cells[name].source is None and all(part in match.chosen for part in parts):
            cells[name] = _made_id(cells[name], [match.chosen[part] for part in parts])
    used = {cell.named for cell in cells.values()}
    partitions = tuple(
        column.name for column in match.look.columns if column.partition and column.name in used
    )
    doubts = list(match.look.doubts)
    if match.look.many:
        doubts.append("every file that the pattern fits is taken for one part of the table")
    return TableProposal(
        match.table,
        match.look,
        match.columns,
        cells,
        find_where(match, currency, used),
        find_loaded_at(match, used),
        partitions,
        tuple(doubts),
    )


def _cell(match: Match, candidate: Candidate, zone: str, currency: FoundCurrency | None) -> Cell:
    column = candidate.column
    if column.name == "period_end_date":
        cell = period_end_cell(candidate, match.chosen.get("period_start_date"), match.columns)
    elif column.data_type in ("timestamp", "date"):
        cell = time_cell(candidate, match.columns, zone)
    elif column.data_type.startswith("decimal"):
        cell = amount_cell(candidate, currency)
    elif column.name == "status":
        cell = status_cell(candidate)
    elif column.data_type == "boolean":
        cell = truth_cell(candidate)
    else:
        special = {"user_id": user_cell, "session_seconds": seconds_cell, "final_fee_bps": basis_points_cell}
        cell = special.get(column.name, plain_cell)(candidate)
    if (rivals := match.rivals.get(column.name, ())) and cell.source is not None:
        cell = replace(cell, doubts=(*cell.doubts, f"{' or '.join(map(shown, rivals))} could be it as well"))
    return cell


def _made_id(cell: Cell, parts: Sequence[Candidate]) -> Cell:
    text = " || '|' || ".join(as_text(part) for part in parts)
    doubt = _MADE_ID.format(parts=", ".join(shown(part.name) for part in parts))
    return replace(cell, source=f"md5({text})", doubts=(doubt,))


def _joined_by_address(tables: Sequence[TableProposal]) -> list[TableProposal]:
    """Where purchases or events name their users by e-mail address alone, the users are told apart by it,
    too."""
    users = next((each for each in tables if each.table.name == "users"), None)
    others = [
        cell for each in tables if each is not users and (cell := each.cells.get("user_id")) is not None
    ]
    address = users.cells["email"].source if users is not None else None
    if address is None or not any(BY_ADDRESS in cell.doubts for cell in others):
        return list(tables)
    cell = Cell(others[0].column, f"lower({address})", doubts=(BY_ADDRESS,))
    return [
        replace(each, cells=dict(each.cells) | {"user_id": cell}) if each is users else each
        for each in tables
    ]
