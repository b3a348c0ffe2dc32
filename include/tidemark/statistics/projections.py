"""From long rows to the wide tables that readers know: one line per key, one column per number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from include.tidemark.statistics.results import ResultRow

Key = Callable[[ResultRow], Any]


@dataclass(frozen=True)
class Value:
    """Where a wide column's number comes from.

    Attributes:
        metric: the rows' metric.
        method: the rows' method; None where the metric has one only.
        field: which number of the row.
        shared: keys that the rows do not have: the number is repeated for all their values.
    """

    metric: str
    method: str | None = None
    field: str = "estimate"
    shared: tuple[str, ...] = ()


@dataclass(frozen=True)
class Projection:
    """A wide file.

    Attributes:
        keys: column -> what identifies a line, from a long row.
        values: column -> its number.
        looked_up: column -> (key column, values by key), for what belongs to a key and is no estimate.
        columns: order of the columns; keys, looked up, values unless given.
    """

    keys: Mapping[str, Key]
    values: Mapping[str, Value]
    looked_up: Mapping[str, tuple[str, Mapping[Any, Any]]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


def project(rows: Iterable[ResultRow], projection: Projection) -> list[dict[str, Any]]:
    """The lines of a wide file, in the order in which their keys first appear. What is null in the long rows is null.

    Raises:
        ValueError: when two long rows claim one cell: name the method, or another key.

    >>> rows = [ResultRow("odds_ratio", 2.0, "logit_robust", segment="saves", ci_low=1.5, ci_high=2.7)]
    >>> project(rows, Projection({"Feature": lambda row: row.segment}, {"Odds Ratio": Value("odds_ratio")}))
    [{'Feature': 'saves', 'Odds Ratio': 2.0}]
    """
    names = list(projection.keys)
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    repeated: dict[tuple[str, tuple[Any, ...]], Any] = {}
    for row in rows:
        for column, value in projection.values.items():
            if row.metric != value.metric or value.method not in (None, row.method):
                continue
            number = getattr(row, value.field)
            own = [name for name in names if name not in value.shared]
            key = tuple(projection.keys[name](row) for name in own)
            cells = repeated if value.shared else lines.setdefault(key, {})
            place: Any = (column, key) if value.shared else column
            if place in cells:
                raise ValueError(
                    f"two rows of {row.metric!r} claim column {column!r} of {dict(zip(own, key, strict=True))}."
                )
            cells[place] = number
    order = projection.columns or (*names, *projection.looked_up, *projection.values)
    return [
        _line(dict(zip(names, key, strict=True)), cells, repeated, projection, order)
        for key, cells in lines.items()
    ]


def _line(
    key: dict[str, Any],
    cells: Mapping[str, Any],
    repeated: Mapping[tuple[str, tuple[Any, ...]], Any],
    projection: Projection,
    order: Iterable[str],
) -> dict[str, Any]:
    line = {**key, **{column: found.get(key[of]) for column, (of, found) in projection.looked_up.items()}}
    for column, value in projection.values.items():
        own = tuple(key[name] for name in key if name not in value.shared)
        line[column] = repeated.get((column, own)) if value.shared else cells.get(column)
    return {column: line[column] for column in order}


def _segment(row: ResultRow) -> str | None:
    return row.segment


def _horizon(row: ResultRow) -> str | None:
    return row.horizon


def number_in(text: str | None, place: int = 0) -> float | int | None:
    """The number at ``place`` in a text, whole where it is whole; None where there is none.

    >>> number_in("week 4"), number_in("8w at 5%", 1), number_in("12.5"), number_in(None)
    (4, 5, 12.5, None)
    """
    found = re.findall(r"\d+(?:\.\d+)?", text or "")
    if len(found) <= place:
        return None
    number = float(found[place])
    return int(number) if number == int(number) else number


def _rate(row: ResultRow) -> float | None:
    percent = number_in(row.horizon, 1)
    return None if percent is None else percent / 100


def _interval(metric: str, method: str, name: str) -> dict[str, Value]:
    return {
        name: Value(metric, method),
        "ci_low": Value(metric, method, "ci_low"),
        "ci_high": Value(metric, method, "ci_high"),
        **_closing(metric, method),
    }


def _closing(metric: str, method: str) -> dict[str, Value]:
    return {name: Value(metric, method, name) for name in ("n", "trust", "reason")}


def segment_metrics(fee_of_period: Mapping[str, float]) -> Projection:
    """``segment_metrics.csv``: one line per period (the rows' horizon) and segment; the elasticity is one for all periods.

    Args:
        fee_of_period: period -> its final fee in basis points.
    """
    return Projection(
        keys={"period_id": _horizon, "segment": _segment},
        values={
            "volume_share": Value("volume_share", "logit_delta"),
            "fees_share": Value("fees_share", "logit_delta"),
            "avg_fee_paid_usd": Value("avg_fee_paid_usd", "percentile_bootstrap"),
            "retention_rate": Value("retention_in_window", "wilson"),
            "elasticity_est": Value("effect_5bps_log_volume_usd", "cr3_t", shared=("period_id",)),
            **_closing("volume_share", "logit_delta"),
        },
        looked_up={"final_fee_bps": ("period_id", fee_of_period)},
        columns=(
            "period_id", "final_fee_bps", "segment", "volume_share", "fees_share", "avg_fee_paid_usd", "retention_rate",
            "elasticity_est", "n", "trust", "reason",
        ),
    )  # fmt: skip


SEED_FILES: Mapping[str, Projection] = {
    "retention_by_fee.csv": Projection(
        {"acquisition_fee_bps": lambda row: number_in(row.segment), "k": lambda row: number_in(row.horizon)},
        _interval("retention_in_window", "wilson", "retention_rate"),
    ),
    "ltv_by_fee.csv": Projection(
        {
            "acquisition_fee_bps": lambda row: number_in(row.segment),
            "horizon_weeks": lambda row: number_in(row.horizon),
            "discount_rate": _rate,
        },
        _interval("ltv_mean", "percentile_bootstrap", "ltv_mean"),
    ),
}
"""File name -> projection; `segment_metrics` makes the one that also needs the fee of each period."""
