"""The rules that follow from what was seen: time zone, currency, groups of categories, names of events."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from include.tidemark.config.rule_texts import rule_texts
from include.tidemark.families.early_engagement.features import column_slug
from include.tidemark.init.names import tokens, words
from include.tidemark.init.proposal import Proposal
from include.tidemark.paths import DBT_DIR

_MOST_CATEGORIES, _MOST_EVENTS, _FEATURES = 40, 60, 10


@dataclass(frozen=True)
class RuleProposal:
    """One rule; `value` is None where it is only spoken of."""

    name: str
    value: Any
    doubt: str = ""
    item_doubts: Mapping[str, str] = field(default_factory=dict)
    """Of the single entries of a mapping, by their keys."""
    remark: str = ""


def propose_rules(proposal: Proposal) -> list[RuleProposal]:
    """The rules to write, in the order of the file."""
    rules = []
    if proposal.zone is not None:
        zone, country = proposal.zone
        rules.append(RuleProposal("business_timezone", zone, f"most users of the sample are in {country}"))
    if proposal.currency is not None:
        rules.append(RuleProposal("currency", proposal.currency.code, "; ".join(proposal.currency.doubts)))
    return [*rules, *_category_groups(proposal), *_events(proposal)]


def _category_groups(proposal: Proposal) -> list[RuleProposal]:
    values = _names_in(proposal, "transactions", "category", _MOST_CATEGORIES)
    known = _seeded()
    groups = {value: _group(value) for value in values if value.upper() not in known}
    if not groups:
        return []
    remark = ""
    if not known & {value.upper() for value in values} and set(groups.values()) == {None}:
        remark = "No category is named like travel or necessities: High-Value Travelers and Budget-Conscious stay empty until some are."
    return [
        RuleProposal(
            "category_groups", {value: group or "other" for value, group in groups.items()},
            item_doubts={
                value: "by a word in its name" if group else "no word in its name says travel or necessities"
                for value, group in groups.items()
            },
            remark=remark,
        )
    ]  # fmt: skip


def _group(category: str) -> str | None:
    found = set(tokens(category))
    return next(
        (group for group in ("travel", "necessities") if found & set(words("category_groups", group))), None
    )


def _seeded() -> set[str]:
    """Categories that have a group without any rule."""
    with (DBT_DIR / "seeds" / "category_groups.csv").open(encoding="utf-8", newline="") as file:
        return {row["category"].upper() for row in csv.DictReader(file)}


def _events(proposal: Proposal) -> list[RuleProposal]:
    values = _names_in(proposal, "events", "event_name", _MOST_EVENTS)
    if not values:
        return []
    remark = f"Names of events in the sample: {', '.join(values)}."
    passive = [
        value for value in values if set(words("passive_events")) & set(tokens(value)) and _is_plain(value)
    ]
    features: dict[str, str] = {}
    for value in values:
        slug = column_slug(value)
        if (
            value not in passive
            and slug[:1].isalpha()
            and slug.isascii()
            and len(slug) <= 60
            and "\\" not in value
        ):
            features.setdefault(slug, value)
    found = _planner_events(values)
    if passive:
        found.append(RuleProposal("passive_events", passive, "they look like what happens to users"))
    if features:
        chosen = list(features.values())[:_FEATURES]
        found.append(
            RuleProposal(
                "early_engagement_events", chosen, "the most frequent events of the sample", remark=remark
            )
        )
    return found


def _planner_events(values: Sequence[str]) -> list[RuleProposal]:
    """Which events a planner is told by, where their names are not those of the project."""
    default = rule_texts()["planner_events"].default
    kinds: dict[str, list[str]] = {}
    for value in values:
        kind = next(
            (kind for kind in default if set(words("planner_events", kind)) & set(tokens(value))), None
        )
        if kind is not None and "\\" not in value:
            kinds.setdefault(kind, []).append(value)
    proposed = default | kinds
    if proposed == default or not kinds:
        return []
    doubts = dict.fromkeys(kinds, "by a word in the name")
    doubts |= {
        kind: "no event is named like it, this is the default" for kind in default if kind not in kinds
    }
    return [RuleProposal("planner_events", proposed, item_doubts=doubts)]


def _is_plain(value: str) -> bool:
    return len(value) <= 64 and all(each.isascii() and (each.isalnum() or each in "_.:/ -") for each in value)


def _names_in(proposal: Proposal, table: str, column: str, most: int) -> tuple[str, ...]:
    """The names that a column holds, where it holds few, and those of something and not of somebody."""
    found = proposal.table(table)
    cell = found.cells[column] if found is not None else None
    if found is None or cell is None or cell.named is None or cell.source is None:
        return ()
    facts = next(each for each in found.facts if each.column.name == cell.named)
    return facts.few(most)
