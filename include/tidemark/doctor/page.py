"""Findings as a table for people, as a page of the deploy checklist, and as JSON for programs."""

import textwrap
from collections.abc import Sequence
from datetime import date
from typing import Any

from include.tidemark.doctor.findings import Check, Finding, counts

WIDTH = 100
_STATE, _SUBJECT = 9, 24


def table(findings: Sequence[Finding]) -> str:
    """Two columns beside the words; what to do stands below what was found, behind an arrow."""
    head = [f"{'state':<{_STATE}}{'looked at':<{_SUBJECT}}found, and what to do"]
    rule = f"{'-' * (_STATE - 2)}  {'-' * (_SUBJECT - 2)}  {'-' * (WIDTH - _STATE - _SUBJECT)}"
    lines = [line for finding in findings for line in _lines(finding)]
    return "\n".join([*head, rule, *lines, "", ending(findings)])


def checklist(findings: Sequence[Finding], as_of_date: date | None) -> str:
    """Markdown in the form of docs/deploy.md: a box that is checked where nothing is to be done."""
    as_of = f", as of {as_of_date}" if as_of_date else ""
    lines = [f"## tidemark doctor{as_of}", ending(findings), ""]
    for finding in findings:
        state = "" if finding.state == "ok" else f"{finding.state}: "
        action = f" **To do:** {_markdown(finding.action)}" if finding.action else ""
        box = "x" if finding.state == "ok" else " "
        lines.append(f"- [{box}] **{_markdown(finding.subject)}**: {state}{_markdown(finding.found)}{action}")
    return "\n".join(lines)


def document(findings: Sequence[Finding], as_of_date: date | None) -> dict[str, Any]:
    """Everything as data."""
    return {
        "as_of_date": as_of_date.isoformat() if as_of_date else None,
        "counts": counts(findings),
        "findings": [
            {
                "subject": each.subject,
                "state": each.state,
                "found": _plain(each.found),
                "action": _plain(each.action),
            }
            for each in findings
        ],
    }


def ending(findings: Sequence[Finding]) -> str:
    """The counts in a sentence."""
    found = counts(findings)
    warnings = f"{found['warning']} warning{'' if found['warning'] == 1 else 's'}"
    return f"{found['ok']} ok, {warnings}, {found['wrong']} wrong."


def documented(checks: Sequence[Check]) -> str:
    """The table of the checks in docs/deploy.md."""
    rows = [f"| {check.title} | {check.looks_at} |" for check in checks]
    return "\n".join(["| subject | what is looked at |", "|---|---|", *rows])


def _lines(finding: Finding) -> list[str]:
    width = WIDTH - _STATE - _SUBJECT
    subject = textwrap.wrap(_plain(finding.subject), _SUBJECT - 2) or [""]
    words = textwrap.wrap(_plain(finding.found), width)
    if finding.action:
        words += textwrap.wrap(_plain(finding.action), width, initial_indent="-> ", subsequent_indent="   ")
    rows = max(len(subject), len(words))
    states = [finding.state, *[""] * (rows - 1)]
    subject += [""] * (rows - len(subject))
    words += [""] * (rows - len(words))
    return [
        f"{state:<{_STATE}}{who:<{_SUBJECT}}{what}".rstrip()
        for state, who, what in zip(states, subject, words, strict=True)
    ]


def _plain(text: str) -> str:
    """Without what a terminal would obey: a file or a variable may be called anything."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _markdown(text: str) -> str:
    return _plain(text).replace("|", "\\|").replace("<", "&lt;")
