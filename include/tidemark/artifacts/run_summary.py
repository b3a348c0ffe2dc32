"""A run on one screen: what changed, what was warned of, rows, and timings. Log, manifest, asset event and
notice show these lines."""

from collections.abc import Iterator, Mapping
from typing import Any

_SENTENCES, _WARNINGS = 3, 5
"""How many are written out, of each family and in all; the rest is counted. The report and the Data Docs have
all."""


def run_summary(manifest: Mapping[str, Any]) -> list[str]:
    """The screen's lines, from a manifest.

    >>> run_summary({
    ...     "as_of_date": "2026-11-01", "run_key": "k", "timings_seconds": {"models": 61.2},
    ...     "families": [
    ...         {"name": "planners", "status": "computed", "changes": [], "previous": {"as_of_date": "2026-10-01"}},
    ...         {"name": "fee_tiers", "status": "skipped"}],
    ...     "sources": [{"table": "raw.users", "rows": 6000}],
    ...     "gate": {"checks": 2, "warnings": 1, "results": [{"severity": "warning", "success": False, "message": "Late rows."}]},
    ... })  # doctest: +NORMALIZE_WHITESPACE
    ['As of 2026-11-01, run k: 2 checks, 1 warning.',
     'planners: nothing changed beyond chance since 2026-10-01.',
     'Warning: Late rows.',
     'Rows of the sources: raw.users 6,000.',
     'Seconds: models 61.2.']
    """  # noqa: W505
    gate = manifest["gate"]
    return [
        f"As of {manifest['as_of_date']}, run {manifest['run_key']}: {gate['checks']} checks, {_warnings(gate['warnings'])}.",
        *(line for family in manifest["families"] if "changes" in family for line in _changes(family)),
        *_warned(gate["results"]),
        _listed("Rows of the sources", {each["table"]: f"{each['rows']:,}" for each in manifest["sources"]}),
        *_timings(manifest["timings_seconds"]),
    ]


def _warnings(number: int) -> str:
    return f"{number or 'no'} warning{'' if number in (0, 1) else 's'}"


def _changes(family: Mapping[str, Any]) -> Iterator[str]:
    name, sentences = family["name"], family["changes"]
    if sentences is None:
        yield f"{name}: no earlier month to compare with."
    elif not sentences:
        yield f"{name}: nothing changed beyond chance since {family['previous']['as_of_date']}."
    else:
        more = len(sentences) - _SENTENCES
        yield f"{name}: {' '.join(sentences[:_SENTENCES])}" + (f" ({more} more)" if more > 0 else "")


def _warned(results: list[Mapping[str, Any]]) -> Iterator[str]:
    failed = [row for row in results if row["severity"] == "warning" and not row["success"]]
    for row in failed[:_WARNINGS]:
        yield f"Warning: {row['message'] or row['expectation']}"
    if len(failed) > _WARNINGS:
        yield f"Warnings in all: {len(failed)}; the Data Docs have all of them."


def _timings(seconds: Mapping[str, float] | None) -> Iterator[str]:
    if seconds:
        yield _listed("Seconds", {stage: f"{spent:.1f}" for stage, spent in seconds.items()})


def _listed(what: str, values: Mapping[str, str]) -> str:
    return f"{what}: {', '.join(f'{name} {value}' for name, value in values.items())}."
