"""What `checks.yml` says of the members and the statistics of a segmentation."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from include.tidemark.families.family import folder_of
from include.tidemark.families.values import values_of
from include.tidemark.run import Run
from include.tidemark.segmentations import catalogue
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.segmentations.shipped import Shipped, declared
from include.tidemark.sources.literals import text_literal
from include.tidemark.validation.checks import Asset, count_where, text_list
from include.tidemark.validation.distribution import LARGEST_SHARE_PCT
from include.tidemark.validation.shipped_suites import checks_of, suites_of

_FILE = Path(__file__).with_name("checks.yml")
_METHODS = {"segment_share": 2, "segment_share_active": 2}
"""Methods that each share is published with; each mean has two, too."""


def candidate(name: str, run: Run) -> list[Asset]:
    """The members that dbt decided: complete, in the segment that their own features say, and how the shares
    moved."""
    of = declared(name, run)
    if of.home.is_shared:
        return [*_suites("members", of, run), *_suites("shares", of, run)]
    values = _values(of, run) | dict(values_of(name, run))
    members, *others = suites_of(folder_of(name) / "checks.yml", "models", run, name, values)
    criteria = checks_of(_FILE, "criteria", run, of.home.members, values)
    # Only the first month: a later one is held against the one before, and to doubt chosen rules every month
    # would help nobody.
    first = [] if run.previous_of(name) else _suites("first month", of, run)
    whole = replace(members, checks=(*members.checks, *criteria))
    return [whole, *others, *_suites("shares", of, run), *first]


def statistics(name: str, run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return _suites("statistics", declared(name, run), run)


def _met_columns(of: Segmentation) -> str:
    """SQL of `met_0`, `met_1` and so on: whether each condition holds; that of the last segment does for
    all."""
    return ", ".join(
        f"coalesce({condition.sql if condition else 'true'}, false) as met_{number}"
        for number, condition in enumerate(of.conditions)
    )


def _suites(part: str, of: Segmentation, run: Run) -> list[Asset]:
    return suites_of(_FILE, part, run, of.name, _values(of, run))


def _values(of: Segmentation, run: Run) -> dict[str, Any]:
    home, means = of.home, [of.mean_of(name) for name in of.means]
    literals = [text_literal(title) for title in of.names]
    least = getattr(run.rules, home.smallest_share) if home.smallest_share else None
    comparisons = ("movement", of.backtest_metric) if of.backtest else ("movement",)
    return {
        "name": of.name,
        "of": of.of,
        "person": of.person,
        "members": home.members,
        "segment": home.segment,
        "mine": of.mine(run.run_key),
        "segments": of.names,
        "names": text_list(of.names),
        "population": f"{catalogue.TABLE} where run_key = '{run.run_key}' and is_{of.person}",
        "met_columns": _met_columns(of),
        "criteria": _criteria(of),
        "branches": " ".join(f"when met_{number} then {literal}" for number, literal in enumerate(literals)),
        "shares_suite": home.suites.get("shares", f"models.{of.name}_shares"),
        "drawn_from": f"(select * from {home.members} where segmentation = '{of.name}')" if home.is_shared else home.members,
        "whose": f"The segments' ({of.title})" if home.is_shared else "The segments'",
        "if_moved": _if_moved(of, run),
        "if_shared": [{}] if home.is_shared else [],
        "largest_pct": LARGEST_SHARE_PCT,
        "sizes": ", ".join(count_where(f"{home.segment} = {literal}") for literal in literals),
        "audiences": [{"audience": each.name, "chosen": of.chosen(each)} for each in of.audiences] if isinstance(of, Shipped) else [],
        "smallest": [] if least is None else [{"least": f"{least:g}"}],
        "expected": [
            {"number": number, "title": title, "literal": text_literal(title), "low": f"{low:g}", "high": f"{high:g}"}
            for number, (title, (low, high)) in enumerate(of.expected_shares.items(), start=1)
        ],
        "coverage_suite": home.suites.get("coverage", f"statistics.{of.name}_coverage"),
        "metrics": " union all ".join(
            f"select '{name}' as metric, {count} as methods"
            for name, count in (_METHODS | dict.fromkeys(means, 2)).items()
        ),
        "segment_rows": " union all ".join(f"select {literal} as segment" for literal in literals),
        "comparisons": text_list(comparisons),
        "comparison_count": len(comparisons),
        "behind": _behind(of, means),
        "counted": home.counted,
    }  # fmt: skip


def _criteria(of: Segmentation) -> list[dict[str, str]]:
    """What the check of each segment is called, and when a member of it is in the wrong one."""
    found = []
    for number, title in enumerate(of.names):
        name = str(number + 1) if of.home.is_shared else _slug(title)
        others = " or ".join(f"met_{before}" for before in range(number)) or "false"
        fails, claim = f"not met_{number}", f"every {of.person} in {title} meets its criteria."
        if number == len(of.names) - 1:
            fails, claim = f"({others})", f"nobody in {title} meets the criteria of another segment."
        found.append({"check": name, "literal": text_literal(title), "fails": fails, "claim": claim})
    return found


def _if_moved(of: Segmentation, run: Run) -> str:
    if of.name in run.redeclared:
        return "its file has changed since: look at the movement table whether that is why."
    where = "the sources" if of.home.is_shared else "rules or sources"
    return f"look at the movement table and at what changed in {where}."


def _behind(of: Segmentation, means: list[str]) -> str:
    """How many people the numbers are of. A feature of the catalogue may be unknown of somebody, so its means
    count fewer."""
    of_shares = "select n from numbers where metric = 'segment_share' and n is not null"
    if of.home.is_shared:
        return of_shares
    return (
        f"{of_shares} union all select sum(coalesce(n, 0)) as n from numbers where metric in {text_list(means)}"
        " and segment is not null group by metric, method"
    )


def _slug(segment: str) -> str:
    return "_".join(segment.lower().replace("&", "and").replace("-", " ").split())
