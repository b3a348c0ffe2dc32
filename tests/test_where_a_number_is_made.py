"""The walk of one number in docs/develop.md leads through files that are there, and names what is in them."""

import re

import pytest

from include.tidemark.paths import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "develop.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^\| .+ \| \[(\S+)\]\(\.\./(\S+)\) \| `(\w+)` \|$", PAGE, re.MULTILINE)


def test_the_walk_goes_from_the_source_to_the_ledger():
    files = [path for _, path, _ in STEPS]
    assert len(files) == 18
    assert files[0].endswith("stg_transactions.sql") and files[-1].endswith("ledger.py")


@pytest.mark.parametrize(("shown", "path", "name"), STEPS)
def test_each_step_is_in_its_file(shown, path, name):
    assert shown == path
    assert re.search(rf"\b{name}\b", (PROJECT_ROOT / path).read_text(encoding="utf-8"))


RETENTION_BY_FEE = {
    "dbt/models/staging/stg_transactions.sql": "amount_cents",
    "dbt/models/core/fct_customer_category_daily.sql": "purchase_count",
    "dbt/models/staging/stg_fee_periods.sql": "final_fee_bps",
    "dbt/models/fee_tiers/fee_weeks.sql": "week_number",
    "dbt/models/fee_tiers/int_user_first_seen.sql": "first_seen_fee_bps",
    "dbt/models/fee_tiers/fct_user_weekly_summary.sql": "swaps_count",
    "dbt/models/fee_tiers/fct_user_cohorts.sql": "retained_flag",
    "include/tidemark/families/fee_tiers/questions.py": "tier_retention",
    "include/tidemark/statistics/retention.py": "_rate_rows",
    "include/tidemark/statistics/rates.py": "wilson_interval",
    "include/tidemark/statistics/proportions.py": "rate_flag",
    "include/tidemark/statistics/results.py": "ResultRow",
    "include/tidemark/pipeline/estimate.py": "replace_run_rows",
    "include/tidemark/families/fee_tiers/tables.yml": "retention_rate",
    "include/tidemark/artifacts/wide_tables.py": "wide_rows",
    "include/tidemark/artifacts/results.py": "StatisticRows",
    "include/tidemark/artifacts/writing.py": "write_rows",
    "include/tidemark/families/fee_tiers/report.py": "_retention",
    "include/tidemark/report/charts/curves.py": "curves",
    "include/tidemark/families/fee_tiers/templates/retention.html.j2": "curves",
}
"""What has a line that makes, names or carries the number, in its order: to the row of statistics, to the
file, to the page."""


def test_retention_by_fee_passes_as_many_files_as_the_page_says():
    for path, name in RETENTION_BY_FEE.items():
        assert re.search(rf"\b{name}\b", (PROJECT_ROOT / path).read_text(encoding="utf-8")), path
    (said,) = re.findall(r"^\| files that retention by fee passes, .* \| (\d+) \| 20 \|$", PAGE, re.MULTILINE)
    assert len(RETENTION_BY_FEE) == int(said)
