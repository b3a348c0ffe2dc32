"""A stranger's way: the page's commands, word for word, and two more exports by the same commands alone."""

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml

from include.tidemark.paths import DBT_PROJECT_FILE, PROJECT_ROOT
from tests.report.pages import still
from tests.your_data.exports import AS_OF, app, exchange, shop
from tests.your_data.page import Step, differences, run_page, section
from tests.your_data.recomputed import app_first_week, exchange_swaps, segments, shop_purchases

PAGE = PROJECT_ROOT / "docs" / "your-data.md"
SETTINGS = """
$ export PATH=~/tidemark/deploy:$PATH TIDEMARK_CONFIG_DIR=$HOME/own/config TIDEMARK_LANDING_URL=file://$HOME/own
$ export TIDEMARK_DUCKDB_PATH=$HOME/own/w.duckdb TIDEMARK_ARTIFACT_ROOT=file://$HOME/own/published
$ export TIDEMARK_ID_HASH_KEY=a-key-for-tests-only
$ cd own
"""


@dataclass(frozen=True)
class Session:
    """What was typed and printed, and where."""

    folder: Path
    steps: list[Step]
    tracked_before: str = ""
    tracked_after: str = ""

    @property
    def month(self) -> Path:
        """The newest run's folder."""
        return max((self.folder / "published" / f"as_of={AS_OF}").glob("run=*"), key=lambda path: path.name)

    def rules(self) -> dict:
        """The rules that the month was made with."""
        defaults = yaml.safe_load(DBT_PROJECT_FILE.read_text(encoding="utf-8"))["vars"]
        return defaults | yaml.safe_load((self.folder / "config" / "rules.yml").read_text(encoding="utf-8"))


def tracked() -> str:
    return subprocess.run(
        ["git", "status", "--porcelain"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
    ).stdout


@pytest.fixture(scope="module")
def of_the_page() -> Iterator[Session]:
    # A short path without hyphens: the doctor's table would break a longer one over two lines.
    with tempfile.TemporaryDirectory(prefix="h", dir="/tmp") as folder:
        yield follow_the_page(Path(folder))


def follow_the_page(home: Path) -> Session:
    shop(home / "shop")
    before = tracked()
    blocks = run_page(section(PAGE.read_text(encoding="utf-8"), "With files"), home)
    return Session(home / "shop", [step for block in blocks for step in block], before, tracked())


def by_commands(home: Path, commands: str) -> Session:
    """A session of commands, each of which must do what it is asked."""
    steps = [step for block in run_page(f"```console{SETTINGS}{commands}```", home) for step in block]
    for step in steps:
        assert step.code == 0, f"$ {step.command}\n" + "\n".join(step.printed)
    return Session(home / "own", steps)


def test_every_command_of_the_page_prints_what_the_page_says(of_the_page):
    assert len(of_the_page.steps) > 10
    wrong = [found for step in of_the_page.steps if (found := differences(step))]
    assert not wrong, "\n\n".join(wrong)


def test_no_file_of_the_project_changes_on_the_way(of_the_page):
    assert of_the_page.tracked_after == of_the_page.tracked_before


def test_the_shops_segments_agree_with_a_recomputation_in_pandas(of_the_page):
    rules = of_the_page.rules()
    expected = segments(shop_purchases(of_the_page.folder, rules["category_groups"], AS_OF), rules)
    published = pd.read_csv(of_the_page.month / "data" / "segment_summary.csv").set_index("customer_segment")[
        "customers"
    ]
    assert (
        published.drop("All customers").to_dict()
        == dict.fromkeys(published.index[:-1], 0) | expected.value_counts().to_dict()
    )


def test_the_shops_spend_agrees_to_the_cent(of_the_page):
    rules = of_the_page.rules()
    rows = shop_purchases(of_the_page.folder, rules["category_groups"], AS_OF).rows
    customers = rows.loc[rows["cents"] > 0, "user_id"].unique()
    published = pd.read_csv(of_the_page.month / "data" / "customer_segments.csv")
    assert len(published) == len(customers)
    assert (
        round(published["lifetime_value"].sum() * 100)
        == rows.loc[rows["user_id"].isin(customers), "cents"].sum()
    )


def test_the_fitted_rules_leave_no_audience_empty_and_no_segment_over_most(of_the_page):
    summary = pd.read_csv(of_the_page.month / "data" / "segment_summary.csv")
    assert summary["share_pct"].dropna().loc[summary["customer_segment"] != "All customers"].max() < 90
    assert all(len(pd.read_csv(file)) for file in (of_the_page.month / "audiences").glob("*.csv"))


def test_the_report_says_euros(of_the_page):
    page = still((of_the_page.month / "report" / "index.html").read_text(encoding="utf-8"))
    assert "€" in page and "$" not in page and "dollar" not in page


def test_an_app_with_events_alone_gets_its_month_by_the_commands(tmp_path):
    app(tmp_path / "own")
    session = by_commands(
        tmp_path,
        """$ export TIDEMARK_FAMILIES=early_engagement
$ tidemark init --from accounts.parquet --from 'events/dt=*/*.ndjson.gz'
$ sed -i 's/mode: replace/mode: append/' config/sources.yml
$ tidemark doctor --as-of 2026-06-01
$ tidemark run --as-of 2026-06-01 --resamples 1000
""",
    )
    usage = pd.read_csv(session.month / "data" / "first_week_usage.csv").set_index("event_name")
    for event in ("prompted", "shared"):
        users, share = app_first_week(session.folder, event, AS_OF)
        assert usage.loc[event, "users"] == users
        assert usage.loc[event, "usage_pct"] == pytest.approx(share, abs=1e-9)


def test_an_exchange_with_fees_gets_its_month_by_the_commands(tmp_path):
    exchange(tmp_path / "own", users=300)
    session = by_commands(
        tmp_path,
        """$ export TIDEMARK_FAMILIES=fee_tiers
$ tidemark init --from wallets.csv --from swaps.parquet --from fees.csv --from prices.csv
$ tidemark doctor --as-of 2026-06-01
$ tidemark run --as-of 2026-06-01 --resamples 1000
""",
    )
    swaps = exchange_swaps(session.folder, AS_OF)
    periods = pd.read_csv(session.folder / "fees.csv", parse_dates=["from", "to"])
    first = swaps.groupby("wallet")["day"].min()
    acquired = pd.read_csv(session.month / "data" / "acquisition_by_period.csv").set_index("period_id")
    for period in periods.itertuples():
        start, end = period._2.date(), period.to.date()
        if period.week not in acquired.index:
            continue
        active = set(swaps.loc[(swaps["day"] >= start) & (swaps["day"] <= end), "wallet"])
        new = {wallet for wallet in active if start <= first[wallet] <= end}
        assert acquired.loc[period.week, "new_swappers"] == len(new), period.week
        assert acquired.loc[period.week, "returning_swappers"] == len(active - new), period.week
    assert len(acquired) >= 24
