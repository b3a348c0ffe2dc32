"""What differs between two runs, of one as-of date or of two."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Literal

from include.tidemark.difference.numbers import number_changes
from include.tidemark.difference.people import people_changes
from include.tidemark.difference.result import (
    AccountChange,
    Difference,
    FileChange,
    SourceChange,
    ValueChange,
)
from include.tidemark.difference.runs import KnownRun, known_run
from include.tidemark.errors import RunIdentityError
from include.tidemark.settings import Settings
from include.tidemark.warehouse.base import Row, Warehouse

_RATE = 0.05
"""False discovery rate where no manifest says the rule."""
_LINE = ("source_table", "family", "kind", "reason")
_OPTIONS_OF_NO_NUMBER = ("publish", "run_hash")


def difference(
    warehouse: Warehouse,
    settings: Settings,
    earlier: tuple[date, str | None],
    later: tuple[date, str | None],
    *,
    ids: bool = False,
) -> Difference:
    """What differs between two runs, read from the warehouse and from their manifests; nothing is changed.

    Args:
        earlier: as-of date and key of the one run; without a key the run that consumers of that date see.
        later: the same of the other, which the changes lead to.
        ids: whether to name the users who came, went or moved.

    Raises:
        RunIdentityError: there is no such run, or both are the same.
    """
    one, other = (known_run(warehouse, settings, *named) for named in (earlier, later))
    if one.run_key == other.run_key:
        raise RunIdentityError(
            f"Both runs are {one.run_key}, so there is nothing to compare; `tidemark history --as-of {one.as_of_date}` lists the runs."
        )
    keys = one.run_key, other.run_key
    rules = (other.manifest or {}).get("rules", {})
    return Difference(
        earlier=one.compared,
        later=other.compared,
        values=tuple(_values(one, other)),
        sources=tuple(_sources(one, other)),
        account=tuple(_account(warehouse, *keys)),
        people=tuple(people_changes(warehouse, *keys, ids=ids)),
        numbers=number_changes(
            warehouse, *keys, rate=float(rules.get("segmentation_significance_threshold", _RATE))
        ),
        files=tuple(_files(one, other)),
        notes=tuple(_notes(one, other)),
    )


def value_changes(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> list[ValueChange]:
    """The rules that have another value.

    Args:
        earlier: every rule by its name, as a manifest holds them.
        later: the same of the other run.
    """
    return [
        ValueChange(kind="rule", name=name, earlier=earlier.get(name), later=later.get(name))
        for name in sorted({*earlier, *later})
        if earlier.get(name) != later.get(name)
    ]


def _values(one: KnownRun, other: KnownRun) -> Iterator[ValueChange]:
    then, now = one.compared, other.compared
    if one.manifest and other.manifest:
        yield from value_changes(one.manifest["rules"], other.manifest["rules"])
        before, after = one.manifest["options"], other.manifest["options"]
        for name in sorted({*before, *after} - {*_OPTIONS_OF_NO_NUMBER}):
            if before.get(name) != after.get(name):
                yield ValueChange(kind="option", name=name, earlier=before.get(name), later=after.get(name))
        yield from _hash(
            "configuration", "config_hash", one.manifest["config_hash"], other.manifest["config_hash"]
        )
    else:
        yield from _hash("rule", "rules_hash", then.rules_hash, now.rules_hash)
        hashes = one.inputs.get("sources_hash"), other.inputs.get("sources_hash")
        yield from _hash("configuration", "sources.yml", *hashes)
    if then.code_version != now.code_version:
        yield ValueChange(kind="code", name="code_version", earlier=then.code_version, later=now.code_version)


def _hash(kind: Any, name: str, then: str | None, now: str | None) -> Iterator[ValueChange]:
    if then and now and then != now:
        yield ValueChange(kind=kind, name=name, earlier=then[:12], later=now[:12])


def _sources(one: KnownRun, other: KnownRun) -> Iterator[SourceChange]:
    then, now = (_by(run.manifest or {}, "sources", "table") for run in (one, other))
    for table in sorted({*then, *now}) if then and now else ():
        before, after = then.get(table, {}), now.get(table, {})
        file = (before.get("fingerprint"), before.get("loaded_at")) != (
            after.get("fingerprint"),
            after.get("loaded_at"),
        )
        if file or before.get("rows") != after.get("rows"):
            yield SourceChange(
                table=table, earlier_rows=before.get("rows"), later_rows=after.get("rows"), file_changed=file
            )


def _account(warehouse: Warehouse, earlier: str, later: str) -> Iterator[AccountChange]:
    then, now = _lines(warehouse, earlier), _lines(warehouse, later)
    if not then or not now:
        return
    for line in dict.fromkeys([*now, *then]):
        before, after = then.get(line), now.get(line)
        if _amounts(before) != _amounts(after):
            (rows_before, amount_before), (rows_after, amount_after) = _amounts(before), _amounts(after)
            yield AccountChange(
                **dict(zip(_LINE, line, strict=True)),
                earlier_rows=rows_before,
                later_rows=rows_after,
                earlier_amount=amount_before,
                later_amount=amount_after,
            )


def _lines(warehouse: Warehouse, run_key: str) -> dict[tuple[Any, ...], Row]:
    rows = warehouse.fetch(
        f"select {', '.join(_LINE)}, row_count, amount_usd from runs.row_account where run_key = ? order by position",
        (run_key,),
    )
    return {tuple(row[name] for name in _LINE): row for row in rows}


def _amounts(line: Row | None) -> tuple[int | None, float | None]:
    if line is None:
        return None, None
    return int(line["row_count"]), None if line["amount_usd"] is None else float(line["amount_usd"])


def _files(one: KnownRun, other: KnownRun) -> Iterator[FileChange]:
    then, now = (_by(run.manifest or {}, "files", "path") for run in (one, other))
    for path in sorted({*then, *now}) if then and now else ():
        before, after = then.get(path, {}).get("rows"), now.get(path, {}).get("rows")
        what: Literal["added", "gone", "rows"] = (
            "added" if path not in then else "gone" if path not in now else "rows"
        )
        if what != "rows" or before != after:
            yield FileChange(path=path, earlier_rows=before, later_rows=after, what=what)


def _by(manifest: Mapping[str, Any], part: str, name: str) -> dict[str, Mapping[str, Any]]:
    entries: Sequence[Mapping[str, Any]] = manifest.get(part, ())
    return {entry[name]: entry for entry in entries}


def _notes(one: KnownRun, other: KnownRun) -> Iterator[str]:
    for run in (one, other):
        if run.manifest is None:
            yield (
                f"Run {run.run_key} has no manifest, because it did not come to its end or its files are gone: which rules differ,"
                " the source tables and the files can't be compared."
            )
