"""Findings for people, for the deploy checklist and for programs; and the documentation of the checks."""

from datetime import date

import pytest

from include.tidemark.doctor.checks import CHECKS
from include.tidemark.doctor.findings import CannotLookError, Check, Finding, findings_of, folded, unseen
from include.tidemark.doctor.page import WIDTH, checklist, document, documented, table
from include.tidemark.errors import SourceError
from include.tidemark.paths import PROJECT_ROOT
from tests.doctor.conftest import MARK

LONG = "words and words, " * 30
FINDINGS = [
    Finding("Python", "ok", "3.12.1"),
    Finding("a subject that is longer than its column", "warning", LONG, LONG),
    Finding("artifact root", "wrong", "x" * 250, "Correct | <b>it</b>."),
    Finding("a\x1b[2Jname", "ok", "line\nbreak\x07"),
]


def test_the_table_keeps_to_its_width_and_shows_each_action_behind_an_arrow():
    lines = table(FINDINGS).splitlines()
    assert max(len(line) for line in lines) <= WIDTH
    assert lines[2] == "ok       Python                  3.12.1"
    assert [line[:7] for line in lines if line[:1].strip()][2:] == [
        "ok     ",
        "warning",
        "wrong  ",
        "ok     ",
        "2 ok, 1",
    ]
    assert sum("-> " in line for line in lines) == 2
    assert lines[-1] == "2 ok, 1 warning, 1 wrong."


def test_no_output_holds_signs_that_a_terminal_or_a_page_would_obey():
    assert "\x1b" not in table(FINDINGS) + checklist(FINDINGS, None) + str(document(FINDINGS, None))
    assert (
        "<b>" not in checklist(FINDINGS, None)
        and "\n" not in document(FINDINGS, None)["findings"][3]["found"]
    )


def test_the_checklist_has_a_box_for_each_finding_checked_where_nothing_is_to_be_done():
    lines = checklist(FINDINGS, date(2026, 11, 1)).splitlines()
    assert lines[0] == "## tidemark doctor, as of 2026-11-01"
    assert lines[3] == "- [x] **Python**: 3.12.1"
    assert lines[5].startswith("- [ ] **artifact root**: wrong: xxx") and lines[5].endswith(
        "**To do:** Correct \\| &lt;b>it&lt;/b>."
    )
    assert len(lines) == 3 + len(FINDINGS)


def test_the_document_has_counts_and_every_finding():
    found = document(FINDINGS, date(2026, 11, 1))
    assert found["counts"] == {"ok": 2, "warning": 1, "wrong": 1} and found["as_of_date"] == "2026-11-01"
    assert found["findings"][0] == {"subject": "Python", "state": "ok", "found": "3.12.1", "action": ""}


def test_the_deploy_page_names_what_is_looked_at_as_the_code_does():
    page = (PROJECT_ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert documented(CHECKS) in page, f"Put this table into docs/deploy.md:\n{documented(CHECKS)}"


def test_every_check_has_a_title_of_its_own_and_one_line_of_documentation():
    assert len({check.title for check in CHECKS}) == len(CHECKS)
    assert all(
        check.looks_at.endswith(".") and "\n" not in check.looks_at and "|" not in check.looks_at
        for check in CHECKS
    )


def raising(error: Exception) -> list[Finding]:
    def look(_):
        yield Finding("first", "ok", "found before")
        raise error

    return list(findings_of(Check("the check", look), None))


@pytest.mark.parametrize(
    ("error", "state", "found", "action"),
    [
        (CannotLookError("a setting can't be used"), "warning", "Not looked at: a setting can't be used.", "Correct that first"),
        (SourceError("The file is empty; upload it again."), "wrong", "The file is empty.", "Upload it again."),
        (SourceError("The file is empty."), "wrong", "The file is empty.", "Correct it."),
        (ValueError(MARK), "wrong", "It could not be looked at: an unexpected ValueError.", "Correct what is wrong"),
        (OSError(28, MARK), "wrong", "It could not be looked at: an unexpected OSError (28).", "Correct what is wrong"),
    ],
)  # fmt: skip
def test_whatever_a_check_raises_is_a_finding_without_words_that_may_hold_data(error, state, found, action):
    first, last = raising(error)
    assert first.found == "found before"
    assert (last.subject, last.state, last.found) == ("the check", state, found) and last.action.startswith(
        action
    )


def test_what_was_not_looked_at_is_folded_by_its_reason_unless_it_is_one_line():
    key, pool, rows = (
        unseen(subject, CannotLookError(reason))
        for subject, reason in [
            ("hash key", "a setting is wrong"),
            ("pool", "a setting is wrong"),
            ("rows", "no table is there"),
        ]
    )
    *others, last = folded([key, FINDINGS[0], pool, FINDINGS[2], rows])
    assert others == [FINDINGS[0], FINDINGS[2]]
    assert last.found == "hash key, pool: a setting is wrong. rows: no table is there."
    assert (last.subject, last.state) == ("not looked at", "warning") and last.action == key.action
    assert folded([FINDINGS[0], rows]) == [FINDINGS[0], rows]


def test_what_ends_the_process_is_no_finding():
    with pytest.raises(KeyboardInterrupt):
        raising(KeyboardInterrupt())
