"""The chapter of a declared segmentation: how large its segments are, how sure that is, who moved, and what
came of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from include.tidemark.artifacts.definitions import DEFINITIONS
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.report import words
from include.tidemark.report.charts import Estimate, categorical, interval_bar, ratios
from include.tidemark.report.charts.palette import CATEGORICAL, SOFT
from include.tidemark.report.numbers import Number, number, p_value, plain, trust
from include.tidemark.report.parts import ReportPart, Section
from include.tidemark.report.templating import render
from include.tidemark.report.what_changed import Wording
from include.tidemark.run import Run
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.segmentations.definitions import segment_definitions, terms
from include.tidemark.segmentations.outcome_changes import MOVES
from include.tidemark.segmentations.report_audiences import audiences
from include.tidemark.segmentations.report_figures import key_figures
from include.tidemark.segmentations.report_months import share_panels
from include.tidemark.segmentations.report_pairs import of_backtest, of_segments
from include.tidemark.segmentations.rows import backtest_rows, movement_rows, summary_rows
from include.tidemark.segmentations.shipped import declared
from include.tidemark.segmentations.tables import all_tables
from include.tidemark.statistics.results import REASONS
from include.tidemark.statistics.segment_pairs import RETAINED
from include.tidemark.statistics.segments import BACKTEST_HORIZON
from include.tidemark.warehouse.base import Row, Warehouse


@dataclass(frozen=True)
class Cell:
    """A cell of the movement table."""

    number: Number
    members: int
    shade: int
    """0 to 9: how much of the from-segment is here."""


def report_part(name: str, run: Run, warehouse: Warehouse, results: StatisticRows) -> ReportPart:
    """The key figures and sections of the segmentation."""
    of = declared(name, run)
    told_apart = of.names[: len(CATEGORICAL)]
    colours = dict.fromkeys(of.names, SOFT) | categorical(told_apart)
    summary = summary_rows(of, run, warehouse, results)
    said = segment_definitions(of, run)
    criteria = {each[of.home.segment]: each["criteria"] for each in said}
    context = {"run": run, "of": of, "colours": colours, "criteria": criteria}
    members, summed, moved, *others = (table.path for table in all_tables(of))
    files = {
        "segments": (f"{summed}.csv", f"{members}.csv", f"{members}.parquet"),
        "movement": (f"{moved}.csv",),
        "backtest": tuple(f"{path}.csv" for path in others[:1]),
        "audiences": tuple(f"audiences/{audience.name}.csv" for audience in of.audiences),
        "definitions": (DEFINITIONS,),
    }
    view = f"marts.{of.name}" if of.home.is_shared else f"marts.{of.name}_current"
    sections = [
        ("segments", "The segments now", _segments(of, run, summary, results, colours)),
        ("months", "Share over the months", share_panels(run, warehouse, results, colours, name, of.names, of.of)),
        ("movement", "Who moved", _movement(of, run, movement_rows(of, run, warehouse, results), results)),
        *([("backtest", "How earlier segments did", _backtest(of, run, warehouse, results, colours))] if of.backtest else []),
        *([("audiences", "Audiences", {"audiences": audiences(of, run, warehouse), "view": view})] if of.audiences else []),
        ("definitions", "What the segments mean",
         {"definitions": said, "terms": terms(of, run)}),
    ]  # fmt: skip
    return ReportPart(
        title=of.title,
        key_figures=key_figures(of, run, warehouse, summary, results),
        sections=tuple(
            Section(
                anchor,
                title,
                render(f"segmentations/templates/{anchor}.html.j2", context | extra),
                files.get(anchor, ()),
            )
            for anchor, title, extra in sections
        ),
        intro=_intro(of, run),
        topics=("trust", "p_values", "charts"),
        wordings=_wordings(of, run),
    )


def _wordings(of: Segmentation, run: Run) -> dict[str, Wording]:
    people = {
        "segment_share": Wording(of.of, words.percent),
        "segment_share_active": Wording(f"{of.of} who are not dormant", words.percent),
        "members": Wording(f"the number of {of.of}", words.count),
        "dormant_members": Wording(f"the number of dormant {of.of}", words.count),
    }
    amounts = {
        metric: Wording(f"{kind} {catalogue()[feature].words}", _writer(feature, run))
        for kind, metrics in (
            ("mean", {of.mean_of(feature): feature for feature in of.means}),
            ("total", {f"total_{feature}": feature for feature in of.home.totals}),
        )
        for metric, feature in metrics.items()
    }
    return people | amounts | _of_outcomes(of)


def _of_outcomes(of: Segmentation) -> dict[str, Wording]:
    """Of what became of a segment's members."""
    became = {
        "stayed": "who stayed in it",
        "moved": "who went to another segment",
        "gone": f"who are {of.left[:1].lower()}{of.left[1:]}",
    }
    shares = {
        MOVES[what]: f"The share of last month's {{segment}} {words_}" for what, words_ in became.items()
    }
    if of.backtest is not None:
        shares[RETAINED] = "The share{of_segment} who were there again within 90 days"
    found = {metric: Wording("", words.percent, subject=subject) for metric, subject in shares.items()}
    if of.backtest is not None:
        what = "spend" if of.backtest == "spend" else "activity"
        found[of.backtest_metric] = Wording("", words.ratio, subject=f"Later over prior {what}{{of_segment}}")
    return found


def _intro(of: Segmentation, run: Run) -> str:
    if of.home.is_shared:
        return f"Declared in {of.name}.yml of this deployment. Its windows end before {words.day(run.as_of_date)}."
    return (
        f"The current window starts on {words.day(run.window_start)}, the one before it on"
        f" {words.day(run.prior_window_start)}."
    )


def _writer(feature: str, run: Run) -> Callable[[Any], str]:
    return words.money_in(run.rules.money) if catalogue()[feature].kind == "money" else words.number


def _segments(
    of: Segmentation, run: Run, summary: list[Row], results: StatisticRows, colours: Mapping[str, str]
) -> dict[str, Any]:
    shares = [results.at("segment_share", segment) for segment in of.names]
    top = max((row["ci_high"] or row["estimate"] or 0.0 for row in shares if row), default=0.0)
    rows = []
    for place, row in enumerate(summary):
        segment = of.names[place] if place < len(of.names) else None
        share = shares[place] if segment else None
        found = {
            feature: results.at(of.mean_of(feature), segment, method="percentile_bootstrap")
            for feature in of.means
        }
        rows.append(
            {
                "name": row[of.home.segment],
                "segment": segment,
                "colour": colours.get(segment or ""),
                "members": row[of.of],
                "dormant": row[f"dormant_{of.of}"],
                "share": number(share, words.percent) if segment else None,
                "share_active": number(results.at("segment_share_active", segment), words.percent)
                if segment
                else None,
                "expected": _expected(of, segment),
                "bar": interval_bar(
                    share["estimate"], share["ci_low"], share["ci_high"], top, colours[segment]
                )
                if segment and share
                else "",
                "means": [number(mean, _writer(feature, run)) for feature, mean in found.items()],
                "trust": trust(*found.values()),
            }
        )
    told = of_segments(of, results, lambda feature: _writer(feature, run))
    return {"rows": rows, "means": [catalogue()[name].words for name in of.means], "told": told}


def _expected(of: Segmentation, segment: str | None) -> str:
    share = of.expected_shares.get(segment or "")
    return f"{share[0]:g} to {share[1]:g}%" if share else ""


def _movement(of: Segmentation, run: Run, rows: list[Row], results: StatisticRows) -> dict[str, Any]:
    found = {(row["from_segment"], row["to_segment"]): row for row in rows}
    statistics = {(row["segment"], row["segment_to"]): row for row in results.of("movement")}
    anyone_left = any(row["to_segment"] == of.left and row[of.of] for row in rows)
    targets = [*of.names, *([of.left] if anyone_left else [])]
    table: list[dict[str, Any]] = []
    for origin in dict.fromkeys(row["from_segment"] for row in rows):
        start = next(row[f"from_{of.of}"] for row in rows if row["from_segment"] == origin) or 0
        cells = [_cell(of, found.get((origin, to)), statistics.get((origin, to)), start) for to in targets]
        table.append({"name": origin, "members": start, "cells": cells})
    stayed = sum(row[of.of] or 0 for row in rows if row["from_segment"] == row["to_segment"])
    there = sum(row["members"] for row in table if row["name"] != of.joined)
    previous = run.previous_of(of.name)
    return {
        "targets": targets,
        "table": table,
        "stayed": words.percent(stayed / there if there else None),
        "joined": sum(row["members"] for row in table if row["name"] == of.joined),
        "previous": previous,
        "reason": None if previous else REASONS["no_earlier_publication"],
    }


def _cell(of: Segmentation, row: Row | None, statistic: Row | None, start: int) -> Cell:
    members = int(row[of.of] or 0) if row else 0
    share = members / start if start else 0.0
    shown = number(statistic, words.percent) if statistic else plain(share if start else None, words.percent)
    return Cell(shown, members, min(int(share * 10), 9) if members else 0)


def _backtest(
    of: Segmentation, run: Run, warehouse: Warehouse, results: StatisticRows, colours: Mapping[str, str]
) -> dict[str, Any]:
    reason = run.backtest_reason_of(of.name)
    rows, points = [], []
    for row in backtest_rows(of, run, warehouse, results):
        name = row[of.home.segment]
        segment = None if name == f"All {of.of}" else name
        statistic, alike = (
            results.at(metric, segment, horizon=BACKTEST_HORIZON)
            for metric in (of.backtest_metric, of.alike_metric)
        )
        points.append(Estimate.of(name, statistic, **({"segment": segment} if segment else {})))
        rows.append(
            {
                "name": name,
                "members": row[of.of],
                "prior": row[f"prior_{of.backtest}"],
                "later": row[f"later_{of.backtest}"],
                "ratio": number(statistic, words.ratio),
                "alike": number(alike, words.difference) if segment else None,
                "p": p_value(alike) if segment else None,
            }
        )
    told = "; ".join(f"{point.label} {words.ratio(point.value)}" for point in points)
    description = (
        f"What came in the 90 days after the date, divided by what was in the 90 days before it: {told}."
    )
    drawn = any(point.value is not None for point in points)
    shades = [colours.get(point.label, SOFT) for point in points]
    return {
        "reason": REASONS[reason] if reason else None,
        "earlier": run.backtest_of(of.name),
        "what": "spend" if of.backtest == "spend" else "active days",
        "amount": words.money_in(run.rules.money) if of.backtest == "spend" else words.count,
        "rows": rows,
        "told": of_backtest(of, results),
        "chart": ratios(points, shades, description=description) if drawn else "",
    }
