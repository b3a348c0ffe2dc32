"""A month in euros: the numbers of the month in dollars, and nowhere the word, the sign or the name of
another currency."""

import json
import re
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from include.tidemark.pipeline.in_order import run_in_order
from tests.families.conftest import AS_OF, PublishedRun
from tests.report.pages import still

FAMILIES = ("customer_segments", "engagement", "fee_tiers")
DOLLAR = re.compile(r"\$|\bUSD\b|dollar|_usd\b|\bUS cent", re.IGNORECASE)
RULES = re.compile(r"\btrade_size_(?:small_min|medium_min|large_min|whale_above)_usd\b")
"""Names of rules, which no currency changes: operators have them in their rules file."""
INSIDE = re.compile(r"\b\w*(?:amount|fee|fees|fee_paid|volume|btc|eth)_usd\b")
"""Columns and metrics as the warehouse has them, in names of checks too: whoever follows a check has to find
them."""


@pytest.fixture(scope="module")
def euro_month(synthetic_month, tmp_path_factory) -> PublishedRun:
    """The month of `synthetic_month` from the same files, of the families with amounts, with the one rule
    changed."""
    root = tmp_path_factory.mktemp("euro_month")
    rules = yaml.safe_load((synthetic_month.settings.config_dir / "rules.yml").read_text(encoding="utf-8"))
    config = root / "config"
    config.mkdir()
    (config / "rules.yml").write_text(yaml.safe_dump(rules | {"currency": "EUR"}), encoding="utf-8")
    settings = synthetic_month.settings.model_copy(
        update={
            "duckdb_path": root / "warehouse.duckdb",
            "artifact_root": (root / "artifacts").as_uri(),
            "config_dir": config,
            "families": FAMILIES,
        }
    )
    run, _ = run_in_order(
        settings, {"as_of_date": AS_OF, "n_resamples": 2_000}, datetime(2026, 7, 1, 7, tzinfo=UTC)
    )
    folder = root / "artifacts" / f"as_of={AS_OF}" / f"run={run.run_key}"
    return PublishedRun(run, settings, folder, synthetic_month.landing)


def texts(month):
    """Each file's path and what can be read in it."""
    for file in sorted(month.folder.rglob("*")):
        if file.suffix == ".parquet":
            table = pq.read_table(file)
            held = [
                column.unique().to_pylist() for column in table.columns if pa.types.is_string(column.type)
            ]
            yield file.relative_to(month.folder), f"{table.schema.names} {held}"
        elif file.is_file():
            yield file.relative_to(month.folder), file.read_text(encoding="utf-8")


def without_columns_of_checks(path, text):
    """The text, with no name of a column where it tells of the checks."""
    if path.parts[0] == "validation":
        return INSIDE.sub("", text)
    if path.name == "manifest.json":
        manifest = json.loads(text)
        return json.dumps(manifest | {"gate": INSIDE.sub("", json.dumps(manifest["gate"]))})
    if path.name == "index.html":
        checks = re.compile(r'<section id="checks".*?</section>', re.DOTALL)
        return checks.sub(lambda section: INSIDE.sub("", section[0]), still(text))
    return text


def test_no_file_names_another_currency(euro_month):
    left = {}
    for path, text in texts(euro_month):
        said = DOLLAR.findall(RULES.sub("", without_columns_of_checks(path, text)))
        if said:
            left[str(path)] = sorted(set(said))
    assert left == {}


def test_the_month_in_dollars_would_be_found_out(synthetic_month):
    found = {
        path.name
        for path, text in texts(synthetic_month)
        if DOLLAR.search(RULES.sub("", without_columns_of_checks(path, text)))
    }
    assert {
        "index.html",
        "segment_definitions.json",
        "data_dictionary.csv",
        "segment_metrics.csv",
        "statistics.csv",
        "statistics.parquet",
        "manifest.json",
    } <= found


def test_the_files_say_euros(euro_month):
    dictionary = {
        (row["table"], row["column"]): row["description"]
        for row in euro_month.rows("data/data_dictionary.csv")
    }
    assert (
        dictionary["data/segment_metrics", "avg_fee_paid_eur"] == "Mean fees per user in the week, in euros."
    )
    assert dictionary["data/customer_segments", "lifetime_value"].endswith("in euros.")
    assert dictionary["data/customer_segments", "avg_monthly_spend"].startswith(
        "A third of spend_last_90_days in euros, rounded to two decimals."
    )
    families = euro_month.json("definitions/segment_definitions.json")["families"]
    assert families["fee_tiers"]["segments"][0]["criteria"].startswith("Below €")
    assert "in euros" in families["customer_segments"]["terms"]["spend"]
    page = (euro_month.folder / "report/index.html").read_text(encoding="utf-8")
    assert "log(volume in euros + 1)" in page
    for place in (
        r"<text[^>]*>€",
        r"<title>[^<]*€",
        r"<td[^>]*>(?:<div>)?(?:<[^>]*>)*\s*€",
        r'aria-label="[^"]*€',
    ):
        assert re.search(place, page), place


def test_every_file_has_the_columns_that_the_dictionary_says(euro_month):
    listed = {}
    for row in euro_month.rows("data/data_dictionary.csv"):
        listed.setdefault(row["table"], []).append(row["column"])
    for table, columns in listed.items():
        header = (euro_month.folder / f"{table}.csv").read_text(encoding="utf-8").split("\n", 1)[0]
        assert header.rstrip("\r").split(",") == columns, table
        parquet = euro_month.folder / f"{table}.parquet"
        assert not parquet.exists() or pq.read_schema(parquet).names == columns


def test_the_numbers_are_those_of_the_month_in_dollars(euro_month, synthetic_month):
    for file in sorted((euro_month.folder / "data").glob("*.csv")):
        if file.name == "data_dictionary.csv":
            continue
        dollars = synthetic_month.rows(f"data/{file.name}")
        if file.name in ("statistics.csv", "changes.csv"):
            dollars = [row for row in dollars if row["family"] in FAMILIES]
        if file.name == "row_account.csv":
            tables = {row["source_table"] for row in euro_month.rows(f"data/{file.name}")}
            dollars = [
                row for row in dollars if row["family"] in ("", *FAMILIES) and row["source_table"] in tables
            ]
        wanted = [
            {
                re.sub("_usd$", "_eur", name): re.sub("_usd(?= / |$)", "_eur", value)
                for name, value in row.items()
            }
            | key
            for row, key in ((row, {k: "" for k in row if k.endswith("run_key")}) for row in dollars)
        ]
        found = [
            row | {k: "" for k in row if k.endswith("run_key")}
            for row in euro_month.rows(f"data/{file.name}")
        ]
        assert found == wanted, file.name


VIEWS = (
    "fct_weekly_summary_final",
    "fct_user_weekly_summary",
    "fct_user_cohorts",
    "customer_segments",
    "statistics",
)


@pytest.mark.parametrize("view", [name + ending for name in VIEWS for ending in ("", "_current")])
def test_a_published_view_has_the_names_of_the_currency_and_the_same_numbers(
    euro_month, synthetic_month, view
):
    order = "select * exclude (run_key) from marts.{} order by all"
    wanted, found = (month.query(order.format(view)) for month in (synthetic_month, euro_month))
    if view.startswith("statistics"):
        wanted = [row for row in wanted if row["family"] in FAMILIES]
        assert "avg_fee_paid_eur" in {row["metric"] for row in found}
        wanted = [
            row
            | {
                name: re.sub("_usd(?= / |$)", "_eur", row[name])
                for name in ("metric", "comparison_family")
                if row[name]
            }
            for row in wanted
        ]
        wanted, found = (sorted(rows, key=str) for rows in (wanted, found))
    assert [{re.sub("_usd$", "_eur", name): value for name, value in row.items()} for row in wanted] == found
    assert not [name for name in found[0] if name.endswith("_usd")]
