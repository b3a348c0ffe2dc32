"""How the key figures changed since the last published month."""

from collections.abc import Iterable
from dataclasses import replace

from include.tidemark.report import words
from include.tidemark.report.parts import KeyFigure, ReportPart
from include.tidemark.report.what_changed import Wording, is_beyond_chance
from include.tidemark.warehouse.base import Row


def with_changes(part: ReportPart, changes: Iterable[Row], false_discovery_rate: float) -> ReportPart:
    """The part with the change of each key figure that is one of the compared numbers.

    Args:
        changes: the rows of `runs.changes` of the part's family.
    """
    found = {
        (row["metric"], row["segment"]): row
        for row in changes
        if row["comparison"] == "previous" and row["horizon"] is None
    }

    def with_its_own(figure: KeyFigure) -> KeyFigure:
        metric, segment = figure.measure or ("", None)
        row, wording = found.get((metric, segment)), part.wordings.get(metric)
        if row is None or wording is None or row["change"] is None:
            return figure
        return replace(figure, change=_in_words(row, wording, false_discovery_rate))

    return replace(part, key_figures=tuple(with_its_own(figure) for figure in part.key_figures))


def _in_words(row: Row, wording: Wording, rate: float) -> str:
    change = float(row["change"])
    written = (
        words.points(change)
        if row["kind"] == "share"
        else f"{'+' if change > 0 else ''}{wording.write(change)}"
    )
    written = written.replace(" pp", " points")
    judged = (
        "more than chance"
        if is_beyond_chance(row, rate)
        else "within chance"
        if row["trust"] == "ok"
        else "not judged"
    )
    measure = "" if row["is_comparable"] else ", not the same measure"
    return f"{written} since {words.day(row['earlier_as_of_date'])}: {judged}{measure}"
