"""What the warehouse counted of a segmentation, with the names that every segmentation's rows have in
Python."""

from collections.abc import Iterable, Mapping, Sequence

from include.tidemark.run import Run
from include.tidemark.segmentations.catalogue import TABLE
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.sources.literals import text_literal
from include.tidemark.warehouse.base import Row, Warehouse


def sizes(of: Segmentation, run: Run, warehouse: Warehouse, sums: Iterable[str] = ()) -> dict[str, Row]:
    """By segment: `members`, the `dormant` among them, and the sums of columns of its model."""
    totals = "".join(f", sum({name}) as {name}" for name in sums)
    rows = warehouse.fetch(
        f"select {of.home.segment} as segment, count(*) as members, sum(case when is_dormant then 1 else 0 end) as dormant{totals}"
        f" from {of.home.members} where {of.mine(run.run_key)} group by {of.home.segment}"
    )
    return {str(row.pop("segment")): row for row in rows}


def cells(of: Segmentation, run: Run, warehouse: Warehouse) -> list[Row]:
    """The moment cells of its means."""
    segment = of.home.segment
    return warehouse.fetch(
        f"select metric, {segment} as segment, bin, n, s1, s2, s3 from {of.home.table('cells')} where {of.mine(run.run_key)}"
        f" order by metric, {segment}, is_dormant, bin"
    )


def values_at(
    of: Segmentation, feature: str, ranks: Mapping[str | None, Sequence[int]], run: Run, warehouse: Warehouse
) -> dict[tuple[str | None, int], float]:
    """The values of a feature at ranks (1 is the smallest) among the members of each segment; segment None
    stands for all."""
    wanted = [_places("place", ranks.get(None, ()))]
    wanted += [
        f"(segment = {text_literal(segment)} and {_places('place_in_segment', places)})"
        for segment, places in ranks.items()
        if segment is not None and places
    ]
    if not any(ranks.values()):
        return {}
    mine = of.mine(run.run_key)
    if of.home.is_shared:
        source = (
            f"(select user_id, segment from {of.home.members} where {mine}) as members inner join"
            f" (select user_id, {feature} from {TABLE} where run_key = '{run.run_key}') as features"
            " on members.user_id = features.user_id"
        )
    else:
        source = (
            f"(select {of.home.segment} as segment, {feature} from {of.home.members} where {mine}) as members"
        )
    rows = warehouse.fetch(
        f"select segment, {feature} as value, place, place_in_segment from ("
        f"select segment, {feature}, row_number() over (order by {feature}) as place,"
        f" row_number() over (partition by segment order by {feature}) as place_in_segment"
        f" from {source} where {feature} is not null) as ranked where {' or '.join(wanted)}"
    )
    found: dict[tuple[str | None, int], float] = {}
    for row in rows:
        found[str(row["segment"]), int(row["place_in_segment"])] = float(row["value"])
        found[None, int(row["place"])] = float(row["value"])
    return found


def _places(column: str, places: Sequence[int]) -> str:
    return f"{column} in ({', '.join(map(str, places))})" if places else "1 = 0"


def moves(of: Segmentation, run: Run, warehouse: Warehouse) -> list[Row]:
    """The pairs of segments that somebody moved between, with the number of members."""
    return warehouse.fetch(
        f"select from_segment, to_segment, {of.home.counted} as members from {of.home.table('movement')} where {of.mine(run.run_key)}"
    )


def backtest_cells(of: Segmentation, run: Run, warehouse: Warehouse) -> list[Row]:
    """The moment cells of what the members of an earlier date did before and after it."""
    segment = of.home.segment
    return warehouse.fetch(
        f"select {segment} as segment, bin, n, prior_s1 as x1, later_s1 as y1, prior_s2 as x2, later_s2 as y2, cross_s2 as xy"
        f" from {of.home.table('backtest_cells')} where {of.mine(run.run_key)} order by {segment}, bin"
    )


def backtest_sums(of: Segmentation, run: Run, warehouse: Warehouse) -> dict[str | None, Row]:
    """By segment of then: `members`, and what they did `prior` and `later`."""
    segment = of.home.segment
    rows = warehouse.fetch(
        f"select {segment} as segment, sum(n) as members, sum(prior_s1) as prior, sum(later_s1) as later"
        f" from {of.home.table('backtest_cells')} where {of.mine(run.run_key)} group by {segment}"
    )
    return {row.pop("segment"): row for row in rows}
