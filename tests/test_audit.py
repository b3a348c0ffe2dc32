"""What `make audit` makes of pip-audit's answers."""

import datetime
import importlib.util

from include.tidemark.paths import PROJECT_ROOT

SPEC = importlib.util.spec_from_file_location("audit", PROJECT_ROOT / "deploy" / "audit.py")
audit = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(audit)

DAY = datetime.date(2026, 12, 1)
SOUND = {"name": "sound", "version": "1.0", "vulns": []}
WEAK = {
    "name": "weak", "version": "2.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.1"]}],
}  # fmt: skip
SKIPPED = {"name": "odd", "skip_reason": "Dependency not found on PyPI and could not be audited: odd (1.0)"}


def report(*found, exceptions=None):
    return audit.report({"dbt.txt": list(found)}, exceptions or {}, DAY)


def test_nothing_known_is_dated_and_counted():
    assert report(SOUND) == ("2026-12-01: 1 packages of 1 locks, no known weakness.", 0)


def test_a_weakness_is_told_with_its_lock_and_what_fixes_it():
    assert report(SOUND, WEAK) == ("dbt.txt: weak 2.0 has PYSEC-1, fixed in 2.1", 1)


def test_a_service_that_answers_for_no_package_is_no_good_news():
    for found in ((), (SKIPPED,)):
        text, code = report(*found)
        assert code == 2 and "does not answer here" in text and len(text.splitlines()) == 1


def test_a_package_that_it_does_not_answer_for_is_named():
    assert report(SOUND, SKIPPED) == ("PyPI did not answer for odd; ask again.", 1)


def test_an_exception_goes_by_any_of_its_ids_and_is_named():
    text, code = report(SOUND, WEAK, exceptions={"CVE-1": "never called"})
    assert code == 0 and text.endswith("no known weakness, but for CVE-1 (deploy/audit.py says why).")


def test_an_exception_that_no_lock_needs_is_to_be_removed():
    text, code = report(SOUND, exceptions={"CVE-1": "never called"})
    assert code == 1 and text.startswith("CVE-1 is an exception")


def test_every_exception_has_a_reason():
    assert all(reason.strip() for reason in audit.EXCEPTIONS.values())
