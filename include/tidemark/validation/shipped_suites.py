"""Suites as their files say them: `checks.yml` beside a family's code, with what its rules decide filled in.

A file names suites by stage:

    models:
      models.planners:
        table: runs.user_segmentation
        checks:
          - complete rows: {key: user_id, required: [user_id, user_type]}
          - never: planner_almost
            where: is_almost_planner and user_type = 'Planner'
            column: user_type
            claim: only a passenger is almost a planner.

A suite may say `from` (what the query reads, unless the run's rows of its table), `with` (common table
expressions: SQL, or patterns) and `needs` (other tables). `$name` in any text is a value: those of every run
(`_values_of`, and `table`), `rules.<rule>`, and those that the family gives. `{observed}` is filled in when
the check has failed. `each` is a list of values, or the name of one, and its checks are made for each of
them; `segments` is such a list, too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from include.tidemark.families.values import Text, rules_of
from include.tidemark.run import Run
from include.tidemark.sources.timestamps import timestamp_literal
from include.tidemark.validation.candidates import complete_rows, filled_rows
from include.tidemark.validation.checks import (
    Asset,
    Check,
    NotEvaluated,
    broken,
    count_where,
    never,
    warning,
    zero,
)
from include.tidemark.validation.distribution import Segmentation, distribution, shares_clause
from include.tidemark.validation.long_results import FILE, TABLE, long_results, share_sums, sum_to_one
from include.tidemark.validation.reconciliation import agrees
from include.tidemark.validation.volume import drop_since_previous
from include.tidemark.yaml_reading import read_yaml

Made = tuple[list[Check], list[NotEvaluated]]


@dataclass(frozen=True)
class _Suite:
    """The suite that checks are made for."""

    run: Run
    family: str
    table: str


def suites_of(
    file: Path, stage: str, run: Run, family: str, values: Mapping[str, Any] | None = None
) -> list[Asset]:
    """The suites of one stage.

    Args:
        values: what texts may name beside what every run has; lists of mappings are for `each`.
    """
    return [_asset(name, said, run, family, values or {}) for name, said in _read(file)[stage].items()]


def checks_of(file: Path, part: str, run: Run, table: str, values: Mapping[str, Any]) -> list[Check]:
    """The checks that a file says of a table which is no family's; none where it says nothing of it.

    Args:
        table: what people call it.
    """
    known = _values_of(run, "") | dict(values) | {"table": table}
    filled = _filled(list(_each(_read(file).get(part, []), known)), known)
    return [check for said in filled for check in _made(_Suite(run, "", table), said)[0]]


def filled(
    file: Path, run: Run, family: str = "", values: Mapping[str, Any] | None = None, part: str | None = None
) -> Any:
    """What a file says, or a part of it, with its texts filled in."""
    said = _read(file)
    return _filled(said[part] if part else said, _values_of(run, family) | dict(values or {}))


@cache
def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = read_yaml(file.read_text(encoding="utf-8"))
    return content


def _asset(name: str, said: Mapping[str, Any], run: Run, family: str, values: Mapping[str, Any]) -> Asset:
    known = _values_of(run, family) | dict(values)
    if said.get("pattern") == "numbers of the family":
        (asset,) = suites_of(FILE, "statistics", run, family, long_results(family, said["shares"]))
        return asset
    known["table"] = table = _filled(said["table"], known)
    name = _filled(name, known)
    suite = _Suite(run, family, table)
    about = {key: value for key, value in said.items() if key != "checks"}
    of = (
        _segments_of(suite, _filled(about, known), known)
        if about.get("pattern") == "shares of segments"
        else None
    )
    if of:
        known["shares"] = shares_clause(run, of)
    made = [_made(suite, check) for check in _filled(list(_each(said["checks"], known)), known)]
    checks = tuple(check for checks, _ in made for check in checks)
    if of:
        return distribution(run, name, of, *checks)
    about = _filled(about, known)
    return Asset(
        name=name,
        table=table,
        source=about.get("from", f"{table} where run_key = '{run.run_key}'"),
        checks=checks,
        with_clause=", ".join(_clause(suite, clause) for clause in about.get("with", ())),
        needs=(table, *about.get("needs", ())),
        not_evaluated=tuple(each for _, skipped in made for each in skipped),
    )


def _made(suite: _Suite, said: Mapping[str, Any]) -> Made:
    """The checks of a pattern, which is the entry's first key: with the name of its check, or with all that
    it takes."""
    (pattern, first), *others = said.items()
    return _PATTERNS[pattern](
        suite, **(first if isinstance(first, dict) else {"name": first, **dict(others)})
    )


def _segments_of(suite: _Suite, said: Mapping[str, Any], known: Mapping[str, Any]) -> Segmentation:
    names = known[said["segments"]] if isinstance(said["segments"], str) else said["segments"]
    named = {key: value for key, value in said.items() if key not in ("pattern", "checks", "segments")}
    redeclared = suite.family in suite.run.redeclared
    return Segmentation(family=suite.family, segments=tuple(names), redeclared=redeclared, **named)


def _values_of(run: Run, family: str) -> dict[str, Any]:
    return {
        "run_key": run.run_key,
        "previous_key": run.previous_key_of(family),
        "as_of_date": run.as_of_date,
        "as_of": f"cast('{run.as_of_date}' as date)",
        "before": timestamp_literal(run.as_of_instant),
        **rules_of(run),
    }


def _each(checks: list[dict[str, Any]], known: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The checks, with those of an `each` made for each of its values; a list that is empty makes none."""
    for check in checks:
        if "each" not in check:
            yield check
            continue
        named = check["each"] if isinstance(check["each"], list) else _plain(known[check["each"]])
        for one in named:
            yield from (_filled(inner, one, safe=True) for inner in check["checks"])


def _plain(values: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Words of a deployment may hold a dollar, which is no name when the rest of a text is filled in."""
    return [{key: str(value).replace("$", "$$") for key, value in one.items()} for one in values]


def _filled(said: Any, known: Mapping[str, Any], *, safe: bool = False) -> Any:
    if isinstance(said, str):
        text = Text(said)
        return text.safe_substitute(known) if safe else text.substitute(known)
    if isinstance(said, list):
        return [_filled(each, known, safe=safe) for each in said]
    if isinstance(said, dict):
        return {key: _filled(value, known, safe=safe) for key, value in said.items()}
    return said


def _clause(suite: _Suite, said: str | dict[str, str]) -> str:
    if isinstance(said, str):
        return said
    pattern, which = said["pattern"], {key: value for key, value in said.items() if key != "pattern"}
    if pattern == "numbers of the family":
        of_family = f"run_key = '{suite.run.run_key}' and family = '{suite.family}'"
        return f"numbers as (select * from {TABLE} where {of_family})"
    if pattern == "rows of each metric":
        wanted = (f"select '{metric}' as metric, {rows} as wanted" for metric, rows in which.items())
        return f"expected as ({' union all '.join(wanted)})"
    return {"shares": share_sums}[pattern](**which)


def _check(
    suite: _Suite,
    *,
    where: str | None = None,
    measure: str = "",
    min: float | None = None,
    max: float | None = None,
    **said: Any,
) -> Made:
    counted = measure if where is None else count_where(where)
    check = Check(measure=counted, minimum=_number(min), maximum=_number(max), **said)
    return [check], []


def _number(said: str | float | None) -> float | None:
    if not isinstance(said, str):
        return said
    return int(said) if said.isdecimal() else float(said)


def _never(
    suite: _Suite, *, name: str, claim: str, column: str, where: str = "", measure: str = "", **advice: str
) -> Made:
    if measure:
        return [broken(suite.table, name, measure, claim, column, **advice)], []
    return [never(suite.table, name, where, claim, column, **advice)], []


def _zero(suite: _Suite, **said: Any) -> Made:
    return [zero(**said)], []


def _warning(suite: _Suite, *, where: str, **said: Any) -> Made:
    return [warning(condition=where, **said)], []


def _agrees(suite: _Suite, **said: Any) -> Made:
    return [agrees(tolerance=suite.run.rules.reconciliation_tolerance_pct, **said)], []


def _complete_rows(suite: _Suite, **said: Any) -> Made:
    return complete_rows(suite.run, suite.table, **said), []


def _filled_rows(suite: _Suite, **said: Any) -> Made:
    return filled_rows(suite.run, suite.table, **said), []


def _shares(suite: _Suite, **said: Any) -> Made:
    return [sum_to_one(**said)], []


def _fewer(suite: _Suite, **said: str) -> Made:
    return drop_since_previous(suite.run, suite.family, **said)


_PATTERNS: Mapping[str, Callable[..., Made]] = {
    "check": _check,
    "never": _never,
    "zero": _zero,
    "warning": _warning,
    "agrees": _agrees,
    "complete rows": _complete_rows,
    "filled rows": _filled_rows,
    "shares sum to 1": _shares,
    "fewer than before": _fewer,
}
"""What repeats, by the name that files give it; each takes what the function behind it takes."""
