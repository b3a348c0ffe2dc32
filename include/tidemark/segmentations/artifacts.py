"""The files of a segmentation: its members, its segments in numbers, and the audiences of campaigns."""

from pathlib import Path

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.artifacts.writing import write_rows, write_table
from include.tidemark.run import Run
from include.tidemark.segmentations import tables
from include.tidemark.segmentations.catalogue import TABLE, catalogue
from include.tidemark.segmentations.conditions import compile_order, compile_value
from include.tidemark.segmentations.declaration import Audience, Segmentation
from include.tidemark.segmentations.rows import backtest_rows, movement_rows, summary_rows
from include.tidemark.segmentations.shipped import declared
from include.tidemark.segmentations.views import show_published
from include.tidemark.sources.literals import text_literal
from include.tidemark.warehouse.base import Warehouse


def published_tables(name: str, run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the segmentation, for the data dictionary."""
    return tables.all_tables(declared(name, run))


def export(  # noqa: PLR0917 - as every export
    name: str, run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the segmentation's files below the folder `target`. One that shares its tables gets a view, which
    shows published runs only."""
    of = declared(name, run)
    if of.home.is_shared:
        show_published(name, warehouse)
    written = _write_members(of, run, warehouse, ids, target)
    written += write_rows(tables.summary(of), summary_rows(of, run, warehouse, results), target)
    written += write_rows(tables.movement(of), movement_rows(of, run, warehouse, results), target)
    if of.backtest:
        written += write_rows(tables.backtest(of), backtest_rows(of, run, warehouse, results), target)
    for audience in of.audiences:
        written += _write_audience(of, run, warehouse, ids, audience, target)
    return written


def people(of: Segmentation, run: Run, condition: str = "true") -> str:
    """SQL of the members with their features, and `is_chosen`: whether they keep a condition, which may ask
    for a percentile of all customers or users."""
    if not of.home.is_shared:
        return f"(select *, {condition} as is_chosen from {of.home.members} where {of.mine(run.run_key)})"
    features = ", ".join(f"{feature.published} as shown_{name}" for name, feature in catalogue().items())
    return f"""(
        select members.as_of_date, members.run_key, members.user_id, members.segment, members.is_dormant, met.*
        from {of.home.members} as members
        inner join (
            select user_id as features_of, {features}, {", ".join(catalogue())}, {condition} as is_chosen
            from {TABLE} where run_key = '{run.run_key}' and is_{of.person}
        ) as met on members.user_id = met.features_of
        where members.run_key = '{run.run_key}' and members.segmentation = '{of.name}'
    )"""


def _shown(of: Segmentation, table: PublishedTable) -> str:
    """The columns of a table as SQL. Texts of a source are in the shared tables only."""
    if of.home.is_shared:
        return ", ".join(f"shown_{name} as {name}" if name in catalogue() else name for name in table.names)
    computed = {
        each.name: compile_value(each.value, catalogue())
        for own in of.home.audiences.values()
        for each in own.computed
    }
    return ", ".join(f"{computed[name]} as {name}" if name in computed else name for name in table.names)


def _write_members(
    of: Segmentation, run: Run, warehouse: Warehouse, ids: UserIds, target: Path
) -> list[WrittenFile]:
    table = tables.members(of)
    order = ids.order_by(of.home.person, warehouse.dialect)
    sql = f"select {_shown(of, table)} from {people(of, run)} as people order by {order}"
    return write_table(table, warehouse.batches(sql, ids.order_parameters), target, ids.publish)


def _write_audience(  # noqa: PLR0917 - as every export
    of: Segmentation, run: Run, warehouse: Warehouse, ids: UserIds, audience: Audience, target: Path
) -> list[WrittenFile]:
    table = tables.audience(of, audience)
    condition = of.condition(audience.where).sql if audience.where else "true"
    chosen = f"is_chosen and {of.home.segment} = {text_literal(audience.of)}" if audience.of else "is_chosen"
    order = f"{compile_order(audience.order_by, catalogue())}, " if audience.order_by else ""
    limit = of.limit_of(audience)
    sql = f"""
        select {_shown(of, table)}
        from {people(of, run, condition)} as people
        where {chosen}
        order by {order}{ids.order_by(of.home.person, warehouse.dialect)}
        {f"limit {limit:d}" if limit else ""}
    """
    return write_table(table, warehouse.batches(sql, ids.order_parameters), target, ids.publish)
