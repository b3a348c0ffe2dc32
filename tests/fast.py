"""The tests that answer within two minutes, `pytest -m fast`: they start no process and run no month."""

from pathlib import Path

TESTS = Path(__file__).parent
FOLDERS = frozenset(
    TESTS / name
    for name in (
        "artifacts",
        "config",
        "difference",
        "doctor",
        "documents",
        "history",
        "init",
        "orchestration",
        "own_checks",
        "report",
        "sources",
        "statistics",
        "suggest",
    )
)
"""Their tests, and those beside the folders."""
SLOW = frozenset(
    TESTS / f"{name}.py"
    for name in (
        "artifacts/test_publish",
        "doctor/test_command",
        "doctor/test_rows",
        "doctor/test_scheduler",
        "doctor/test_sources",
        "init/test_init",
        "orchestration/test_alert_of_consumers",
        "own_checks/test_gate",
        "report/test_charts",
        "report/test_page",
        "sources/test_absence",
        "sources/test_append",
        "sources/test_csv_round_trip",
        "sources/test_files_on_s3",
        "sources/test_known",
        "sources/test_landing",
        "sources/test_mapped_files",
        "sources/test_relations",
        "sources/test_rounded_amounts",
        "statistics/test_coverage",
        "statistics/test_degenerate_input",
        "statistics/test_drivers",
        "statistics/test_elasticity",
        "statistics/test_groups",
        "statistics/test_lifetime_value",
        "suggest/test_command",
    )
)
"""Files there that are left out: each takes more than four seconds of a processor."""


def is_fast(path: Path) -> bool:
    """Whether the tests of a file belong to the fast ones."""
    return path not in SLOW and (path.parent == TESTS or not FOLDERS.isdisjoint(path.parents))
