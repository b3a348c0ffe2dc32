"""Columns of times: format and zone."""

import re
from collections.abc import Sequence
from dataclasses import replace

from include.tidemark.init import names
from include.tidemark.init.candidates import Candidate
from include.tidemark.init.cells import Cell, plain_cell, sql_name
from include.tidemark.init.facts import Facts
from include.tidemark.init.moments import Moments
from include.tidemark.sources.kinds import Kind

_NO_ZONE = "the times say no zone, so they are read as UTC; if they are local add timezone: {zone}"
_DAYS = "days without a time are taken as days of the business time zone in rules.yml; change both alike"
_NEXT_START = "each period ends on the day on which the next starts; its own last day is wanted"
_MIXED = "some of the times say their zone, the others are read as UTC"


def time_cell(candidate: Candidate, columns: Sequence[Facts], zone: str) -> Cell:
    """A moment or a day.

    Args:
        columns: all of the source: another one may tell whether days or months come first.
        zone: of the business, in which days without a time are.
    """
    facts = candidate.facts
    moments = facts.moments or (facts.most_moments[0] if facts.most_moments else None)
    if moments is None:
        return plain_cell(candidate)
    source, options = sql_name(candidate), dict[str, str]()
    doubts = list(candidate.doubts)
    if moments.format == "epoch_microseconds":
        whole = f"cast({source} as bigint)" if facts.column.kind is Kind.TEXT else source
        source, options["format"] = f"floor({whole} / 1000)", "epoch_milliseconds"
    elif moments.format:
        form, sure = _order(moments, columns)
        options["format"] = form
        if not sure:
            doubts.append("day and month could be the other way round")
    if candidate.column.data_type == "timestamp" and not moments.zoned:
        said, doubt = _zone(candidate.name, moments, zone)
        options |= {"timezone": said} if said else {}
        doubts += [doubt] if doubt else []
    return Cell(candidate.column, source, options, tuple(doubts), candidate.name)


def period_end_cell(candidate: Candidate, start: Candidate | None, columns: Sequence[Facts]) -> Cell:
    """The last day of a period."""
    cell = time_cell(candidate, columns, "")
    ends = candidate.facts.distinct
    if start is None or len(ends) < 2 or len(start.facts.distinct & ends) <= len(ends) / 2:
        return cell
    return replace(cell, doubts=(*cell.doubts, _NEXT_START))


def _order(moments: Moments, columns: Sequence[Facts]) -> tuple[str, bool]:
    """The format, and whether it is sure which of two numbers is the day."""
    form = moments.format or ""
    if moments.swapped is None:
        return form, True
    others = [
        each.moments.format
        for each in columns
        if each.moments and each.moments.format and not each.moments.swapped
    ]
    for either in (form, moments.swapped):
        if any(_start(either) == _start(other) for other in others if other):
            return either, True
    return form, False


def _start(form: str) -> str:
    """The day's part of a format."""
    found = re.match(r"%[dm].%[dm].%[yY]", form)
    return found.group() if found else form


def _zone(name: str, moments: Moments, business: str) -> tuple[str | None, str]:
    if {"utc", "gmt"} & set(names.tokens(name)):
        return "UTC", ""
    if moments.days_only:
        return business, _DAYS
    return None, _MIXED if moments.mixed else _NO_ZONE.format(zone=business)
