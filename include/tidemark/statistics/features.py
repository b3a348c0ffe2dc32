"""What to know of features before a logistic regression: constant, collinear, sparse, inflated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from include.tidemark.statistics.logistic import BinaryTable
from include.tidemark.statistics.unique_rows import unique_rows

Floats = NDArray[np.float64]

SPARSE_BELOW = 10
INFLATED_ABOVE = 10.0
_LEFT_OVER = 1e-9


def canonical(table: BinaryTable) -> BinaryTable:
    """The same users with equal covariates in one row, rows sorted: results can't depend on the order they
    came in.

    >>> rows = [{"x": 1, "n": 2, "successes": 1}, {"x": 0, "n": 3, "successes": 1}, {"x": 1, "n": 1, "successes": 1}]
    >>> canonical(BinaryTable.from_rows(rows, ["x"])).n.tolist()
    [3.0, 3.0]
    """  # noqa: W505
    labels = np.zeros(len(table.n)) if table.clusters is None else table.clusters
    keys, place = unique_rows(np.column_stack([table.design, labels]))
    n, successes = (
        np.bincount(place, weights=part, minlength=len(keys)) for part in (table.n, table.successes)
    )
    clusters = None if table.clusters is None else keys[:, -1].astype(np.int64)
    return BinaryTable(table.names, np.asarray(keys[:, :-1], dtype=np.float64), n, successes, clusters)


def only(table: BinaryTable, features: list[str]) -> BinaryTable:
    """The table with the intercept and some of its features."""
    places = [0, *(table.names.index(name) for name in features)]
    names = tuple(table.names[place] for place in places)
    return canonical(BinaryTable(names, table.design[:, places], table.n, table.successes, table.clusters))


@dataclass(frozen=True)
class Screening:
    """Which features can be in one model.

    Attributes:
        kept: features that each add something, in their order.
        constant: features with one value only.
        collinear: feature -> the kept feature that is most like it. A feature is dropped where the ones
            before it determine it.
        smallest_cell: feature -> users in the smallest of the four cells of "is above zero" and the outcome;
            of a feature that is never zero, the smaller outcome's users.
        inflation: kept feature -> variance inflation factor 1 / (1 - R^2) on the other kept features.
    """

    kept: list[str]
    constant: list[str]
    collinear: dict[str, str]
    smallest_cell: dict[str, int]
    inflation: dict[str, float]


def screen(table: BinaryTable) -> Screening:
    """Name what is constant, collinear or sparse.

    >>> rows = [{"x": k, "y": 2 * k, "z": 1, "n": 40, "successes": 20} for k in (0, 1, 2)]
    >>> found = screen(BinaryTable.from_rows(rows, ["x", "y", "z"]))
    >>> found.kept, found.collinear, found.constant
    (['x'], {'y': 'x'}, ['z'])
    """
    names = list(table.names[1:])
    share = table.n / max(float(table.n.sum()), 1.0)
    columns: dict[str, Floats] = {}
    basis: list[Floats] = []
    kept: list[str] = []
    constant: list[str] = []
    collinear: dict[str, str] = {}
    for place, name in enumerate(names, start=1):
        x = table.design[:, place]
        if len(x) == 0 or x.min() == x.max():
            constant.append(name)
            continue
        centred = (x - share @ x) * np.sqrt(share)
        unit = centred / np.linalg.norm(centred)
        rest = unit.copy()
        # Twice, because one pass of Gram-Schmidt loses digits on nearly collinear columns.
        for _ in range(2):
            for vector in basis:
                rest = rest - (vector @ rest) * vector
        if float(np.linalg.norm(rest)) < np.sqrt(_LEFT_OVER):
            collinear[name] = max(kept, key=lambda other: abs(float(columns[other] @ unit)))
            continue
        columns[name] = unit
        basis.append(rest / np.linalg.norm(rest))
        kept.append(name)
    smallest = {name: _smallest_cell(table, place) for place, name in enumerate(names, start=1)}
    return Screening(kept, constant, collinear, smallest, _inflation(columns))


def _inflation(columns: dict[str, Floats]) -> dict[str, float]:
    if not columns:
        return {}
    matrix = np.array(list(columns.values()))
    values = np.diag(np.linalg.inv(matrix @ matrix.T))
    return {name: max(float(value), 1.0) for name, value in zip(columns, values, strict=True)}


def _smallest_cell(table: BinaryTable, place: int) -> int:
    x = table.design[:, place]
    used = x != 0
    cells = [
        float(part[side].sum())
        for part in (table.successes, table.n - table.successes)
        for side in ([used, ~used] if (~used).any() else [used])
    ]
    return round(min(cells))
