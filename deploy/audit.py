"""Ask PyPI, with pip-audit, for known weaknesses of everything that is locked.

Usage: python deploy/audit.py PIP_AUDIT; `make audit` does it. pip-audit alone says "No known vulnerabilities
found" where PyPI answers for no package at all; here that is a failure.
"""

import datetime
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LOCKS = Path(__file__).resolve().parent / "locks"
EXCEPTIONS: Mapping[str, str] = {}
"""Weaknesses that stay, by their id, each with the reason: why nothing here reaches it, or what it waits
for."""

Answers = Mapping[str, list[dict[str, Any]]]
"""What pip-audit says of each package, by lock."""


def ask(pip_audit: str, lock: Path) -> list[dict[str, Any]]:
    """What pip-audit says of the packages of a lock; nothing where it got no answer."""
    command = [pip_audit, "--require-hashes", "--disable-pip", "--progress-spinner", "off", "-f", "json"]
    done = subprocess.run([*command, "-r", str(lock)], capture_output=True, text=True, check=False)
    found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"] if done.stdout else []
    return found


def report(answers: Answers, exceptions: Mapping[str, str], today: datetime.date) -> tuple[str, int]:
    """What to print of the answers, and the exit code: 0 where nothing is known, 1 for a weakness, 2 where
    PyPI did not answer."""
    asked = {(each["name"], each.get("version")): each for found in answers.values() for each in found}
    unanswered = sorted(name for (name, _), each in asked.items() if "skip_reason" in each)
    if not asked or len(unanswered) == len(asked):
        return (
            "PyPI's list of known weaknesses does not answer here, so no package was looked at;"
            " run `make audit` where pypi.org can be reached."
        ), 2
    lines, left = [], set(exceptions)
    for lock, found in answers.items():
        for each in found:
            for weakness in each.get("vulns", []):
                ids = {weakness["id"], *weakness.get("aliases", [])}
                left -= ids
                if ids.isdisjoint(exceptions):
                    fixed = ", ".join(weakness.get("fix_versions", [])) or "no version"
                    lines.append(
                        f"{lock}: {each['name']} {each['version']} has {weakness['id']}, fixed in {fixed}"
                    )
    if unanswered:
        lines.append(f"PyPI did not answer for {', '.join(unanswered)}; ask again.")
    lines += [
        f"{each} is an exception of deploy/audit.py and no lock has it; remove it." for each in sorted(left)
    ]
    if lines:
        return "\n".join(lines), 1
    kept = f", but for {', '.join(sorted(exceptions))} (deploy/audit.py says why)" if exceptions else ""
    return f"{today}: {len(asked)} packages of {len(answers)} locks, no known weakness{kept}.", 0


def main() -> int:
    """Ask for every lock, print, and return the exit code."""
    answers: dict[str, list[dict[str, Any]]] = {}
    for lock in sorted(LOCKS.glob("*.txt")):
        answers[lock.name] = ask(sys.argv[1], lock)
        if all("skip_reason" in each for each in answers[lock.name]):
            break
    text, code = report(answers, EXCEPTIONS, datetime.datetime.now(tz=datetime.UTC).date())
    print(text, file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
