"""A suggestion as a page for people and as JSON for programs."""

from pathlib import Path
from typing import Any

from include.tidemark.cli.output import render
from include.tidemark.suggest.preview import Counts
from include.tidemark.suggest.quantiles import QUANTILES_PCT, Cut
from include.tidemark.suggest.rules_file import proposed_text
from include.tidemark.suggest.suggestion import Suggestion

Rows = list[dict[str, Any]]

_PROPOSED = "Proposed changes of rules.yml"


def document(found: Suggestion, rules_yml: str, written: Path | None) -> dict[str, Any]:
    """Everything, with numbers as numbers.

    Args:
        rules_yml: the proposed file.
        written: where it was written; None where it was not.
    """
    return {
        "as_of_date": found.as_of_date.isoformat(),
        "customers": found.before.customers,
        "thresholds": [_cut_document(cut) for cut in found.cuts],
        "changes": [
            {"rule": name, "today": getattr(found.today, name), "proposed": change.value, "why": change.why}
            for name, change in found.changes.items()
        ],
        "rules_yml": rules_yml,
        "segments": [
            {
                "customer_segment": name,
                "customers_today": found.before.segments[name],
                "share_today_pct": round(found.before.share_pct(name), 2),
                "customers_proposed": found.after.segments[name],
                "share_proposed_pct": round(found.after.share_pct(name), 2),
                "share_aim_pct": round(aim.share_pct, 2),
                "is_wish": aim.wished,
                "is_near": aim.is_near(found.after.segments[name], found.after.customers),
            }
            for name, aim in found.aims.items()
        ],
        "audiences": [
            {"audience": name, "customers_today": size, "customers_proposed": found.after.audiences[name]}
            for name, size in found.before.audiences.items()
        ],
        "notes": found.notes,
        "written_to": str(written) if written else None,
    }


def page(found: Suggestion, written: Path | None, path: Path) -> str:
    """The same in tables and sentences.

    Args:
        path: where `--write` writes.
    """
    proposed = proposed_text(found.changes, found.today, found.as_of_date)
    parts = [
        f"What each threshold cuts as of {found.as_of_date}\n\n{render(_cut_rows(found.cuts), 'table')}\n\n"
        "The quantiles are of the customers who have such a number: who spent something in the 90 days, or whose change is\n"
        "known; of an audience, of its segment under the proposal. 'meet %' is the part of them that meets the threshold.\n"
        f"Amounts are in {found.today.currency}.",
        *([f"{_PROPOSED}\n\n{proposed}"] if proposed else []),
        f"Customers by segment\n\n{render(_segment_rows(found), 'table')}",
        f"Customers by audience\n\n{render(_audience_rows(found.before, found.after), 'table')}",
        *(["Notes\n\n" + "\n".join(f"- {note}" for note in found.notes)] if found.notes else []),
        _ending(found, written, path),
    ]
    return "\n\n".join(parts)


def _ending(found: Suggestion, written: Path | None, path: Path) -> str:
    if not found.changes:
        return "Today's rules come as near as thresholds can, so there is nothing to change."
    if written is None:
        return f"Nothing was changed. With --write these rules go into {path}."
    return (
        f"Written to {written}: each proposed rule below a comment with the value before, everything else as it was.\n"
        f"Next: tidemark run --as-of {found.as_of_date}"
    )


def _cut_document(cut: Cut) -> dict[str, Any]:
    return {
        "rule": cut.rule,
        "customers_who": cut.whose,
        "customers": cut.customers,
        "quantiles": {f"{per_cent}": round(value, 2) for per_cent, value in cut.quantiles.items()},
        "today": cut.today,
        "meet_today_pct": _rounded(cut.today_meet_pct),
        "proposed": cut.proposed,
        "meet_proposed_pct": _rounded(cut.proposed_meet_pct),
    }


def _cut_rows(cuts: list[Cut]) -> Rows:
    return [
        {
            "rule": cut.rule,
            "customers": str(cut.customers),
            **{
                f"{per_cent} %": _short(cut.quantiles[per_cent]) if cut.quantiles else ""
                for per_cent in QUANTILES_PCT
            },
            "today": str(cut.today),
            "meet %": _per_cent(cut.today_meet_pct),
            "proposed": str(cut.proposed),
            "meet % ": _per_cent(cut.proposed_meet_pct),
        }
        for cut in cuts
    ]


def _segment_rows(found: Suggestion) -> Rows:
    return [
        {
            "segment": name,
            "today": str(found.before.segments[name]),
            "%": f"{found.before.share_pct(name):.1f}",
            "proposed": str(found.after.segments[name]),
            "% ": f"{found.after.share_pct(name):.1f}",
            "aim %": f"{aim.share_pct:.1f}",
        }
        for name, aim in found.aims.items()
    ]


def _audience_rows(before: Counts, after: Counts) -> Rows:
    return [
        {"audience": name, "today": str(size), "proposed": str(after.audiences[name])}
        for name, size in before.audiences.items()
    ]


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.1f}"


def _per_cent(share: float | None) -> str:
    return "" if share is None else f"{share:.0f}"


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 2)
