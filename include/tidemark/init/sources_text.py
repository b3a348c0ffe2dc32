"""`sources.yml` as text: the proposal, with a comment wherever somebody has to look."""

from pathlib import Path
from typing import Any

from include.tidemark.config.folder import SOURCES
from include.tidemark.config.schemas import SCHEMA_FILES
from include.tidemark.init.cells import Cell
from include.tidemark.init.proposal import Proposal, TableProposal
from include.tidemark.init.yaml_text import comment, header, one_line, scalar, with_doubts
from include.tidemark.sources.contract import Column, SourceTable, source_tables
from include.tidemark.sources.sources_file import CsvOptions, short_name

_HEAD = (
    "Your tables: for each table of the contract, where its rows are and how its columns are made of yours.",
    "A column is a name, an SQL expression over one row, or {from: ..., format: ..., timezone: ..., currency: ..., values: ...};",
    "null where you have none. Lines that end in 'not sure' are guesses of `tidemark init`: look at them first.",
    "`tidemark doctor` checks this file against your data. Nothing here is secret.",
)


def sources_text(proposal: Proposal, folder: Path) -> str:
    """The file for a folder."""
    lines = header(SCHEMA_FILES[SOURCES], folder, _HEAD)
    for table in proposal.tables:
        lines += ["", *comment(table.table.description), *_table(table)]
    named = {table.table.name for table in proposal.tables}
    others = [table for name, table in source_tables().items() if name not in named]
    if others:
        lines += [
            "",
            *comment(
                "Not found in what was looked at. Remove the # in front of the lines of a table that you have."
            ),
        ]
    for other in others:
        lines += ["#", *comment(other.description), *(f"# {line}" for line in _example(other))]
    return "\n".join(lines) + "\n"


def _table(proposal: TableProposal) -> list[str]:
    lines = [f"{proposal.table.name}:", *_place(proposal), "  columns:"]
    lines += [line for column in proposal.table.file_columns for line in _cell(proposal.cells[column.name])]
    if proposal.where is not None:
        lines.append(with_doubts(f"  where: {scalar(proposal.where.sql)}", proposal.where.doubts))
    lines += _loaded_at(proposal)
    if not proposal.lacking:
        return lines
    what = " and ".join(short_name(name) for name in proposal.lacking)
    return [
        *comment(
            f"Not usable yet: nothing in {one_line(proposal.look.named)} could be {what}, which every row needs. Fill it in (or add it"
            " in a view), and remove the # in front of these lines."
        ),
        *(f"# {line}" for line in lines),
    ]


def _place(proposal: TableProposal) -> list[str]:
    look = proposal.look
    if look.relation is not None:
        return [with_doubts(f"  from: {scalar(look.relation)}", proposal.doubts)]
    lines = [with_doubts(f"  files: {scalar(look.files)}", proposal.doubts)]
    if not look.format_is_named:
        lines.append(f"  format: {look.format}")
    if look.csv is not None and (options := _csv(look.csv, proposal)):
        lines += ["  csv:", *(f"    {name}: {scalar(value)}" for name, value in options.items())]
    if proposal.partitions:
        lines.append(f"  partitions: {scalar(list(proposal.partitions))}")
    if look.many:
        lines.append(
            "  mode: replace  # the files are all rows; append: each file adds rows, and is loaded once"
        )
    return lines


def _csv(options: CsvOptions, proposal: TableProposal) -> dict[str, Any]:
    """What differs from the defaults."""
    form = proposal.facts[0].form if proposal.facts else None
    found = options.model_dump()
    if form is not None:
        found |= {"decimal": form.decimal, "thousands": form.thousands}
    found["null_words"] = list(found["null_words"])
    default = CsvOptions().model_dump() | {"null_words": []}
    return {name: value for name, value in found.items() if value != default[name]}


def _cell(cell: Cell) -> list[str]:
    name = short_name(cell.column.name)
    if cell.source is not None:
        value = {"from": cell.source, **cell.options} if cell.options else cell.source
        return [with_doubts(f"    {name}: {scalar(value)}", cell.doubts)]
    if cell.column.required:
        return [f"    {name}:  # {_described(cell.column)}"]
    doubts = cell.doubts
    return [*comment(_loss(cell.column), indent=4), with_doubts(f"    {name}: null", doubts)]


def _loss(column: Column) -> str:
    """What a deployment without the column does without."""
    return f"No {short_name(column.name)}: {column.without or column.description}"


def _described(column: Column) -> str:
    return one_line(column.description.replace("US dollars", "the deployment's currency"))


def _loaded_at(proposal: TableProposal) -> list[str]:
    if proposal.look.relation is None:
        return []
    if proposal.loaded_at is not None:
        return [with_doubts(f"  loaded_at: {scalar(proposal.loaded_at.sql)}", proposal.loaded_at.doubts)]
    return comment(
        "loaded_at: no column says when a row was loaded, so every run rebuilds the days of its look-back (lookback_days in rules.yml),"
        " and a row that comes later than that is missed.",
        indent=2,
    )


def _example(table: SourceTable) -> list[str]:
    lines = [
        f"{table.name}:",
        f"  files: {table.name}.csv  # or from: SCHEMA.{table.name.upper()}",
        "  columns:",
    ]
    return lines + [
        f"    {short_name(column.name)}: {short_name(column.name)}  # {'' if column.required else 'or null. '}{_described(column)}"
        for column in table.file_columns
    ]
