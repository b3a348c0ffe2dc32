"""The report: one file that needs nothing else, tells every number's doubt, and can be read by everyone."""

import base64
import csv
import hashlib
import re
from itertools import pairwise

import pytest

from include.tidemark.pipeline.publish import publish
from include.tidemark.report.charts import categorical
from include.tidemark.rules import load_rules
from include.tidemark.segmentations.shipped import shipped
from include.tidemark.warehouse import open_warehouse
from tests.artifacts.months import MONTHS, make_run, make_settings, write_candidate
from tests.report.pages import Page, charts_of, contrast


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The first month's report, and the fourth's, with the folder of each."""
    settings = make_settings(tmp_path_factory.mktemp("reports"))
    folders = []
    for month in MONTHS:
        run = make_run(month, load_rules())
        write_candidate(settings, run)
        publish(run, settings)
        folder = settings.duckdb_path.parent / "artifacts" / f"as_of={month}" / f"run={run.run_key}"
        folders.append((Page((folder / "report/index.html").read_text(encoding="utf-8")), folder))
    return folders


@pytest.fixture
def first(reports):
    return reports[0][0]


@pytest.fixture
def fourth(reports):
    return reports[3][0]


def test_it_asks_the_network_for_nothing(reports):
    for page, _ in reports:
        assert not page.all("iframe", "object", "embed", "img", "base")
        for tag, attributes in page.elements:
            for name in ("src", "href", "xlink:href", "action", "srcset", "poster"):
                value = attributes.get(name) or "#"
                assert value.startswith(("#", "../", "data:,")), (tag, value)
        style = re.search(r"<style>(.*?)</style>", page.html, re.DOTALL).group(1)
        assert "url(" not in style
        assert "@import" not in style
        assert not re.findall(r'"https?:|//[a-z]+\.', page.still)


def test_its_policy_forbids_everything_but_its_own_style(fourth):
    (policy,) = [
        a["content"] for _, a in fourth.all("meta") if a.get("http-equiv") == "Content-Security-Policy"
    ]
    style = re.search(r"<style>(.*?)</style>", fourth.html, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"style-src 'sha256-{digest}'" in policy
    assert not [
        attributes for _, attributes in fourth.elements if "style" in attributes or "onload" in attributes
    ]


def test_every_link_leads_to_a_section_or_to_a_file_that_is_there(reports):
    for page, folder in reports:
        ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
        for _, attributes in page.all("a"):
            href = attributes["href"]
            assert href[1:] in ids if href.startswith("#") else (folder / "report" / href).exists(), href


def test_each_section_links_to_the_files_with_its_numbers(fourth):
    for path in (
        "segment_summary.csv",
        "customer_segments.parquet",
        "segment_movement.csv",
        "segment_backtest.csv",
    ):
        assert fourth.links.count(f"../data/{path}") == 2  # once in its section, once under Files


def test_a_family_alone_explains_what_it_shows_and_nothing_else(fourth):
    assert "Trust." in fourth.text
    assert "Odds ratios." not in fourth.text
    assert "p-values." in fourth.text


def test_no_id_occurs_twice(fourth):
    assert len(fourth.ids) == len(set(fourth.ids))


def test_headings_are_in_order_and_there_is_one_of_the_first_level(fourth):
    levels = [int(tag[1]) for tag, _ in fourth.all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_drawing_is_described_or_decoration(fourth):
    drawings = fourth.all("svg")
    assert len(drawings) >= 8
    for _, attributes in drawings:
        assert attributes.get("aria-hidden") == "true" or (
            attributes["role"],
            bool(attributes["aria-label"]),
        ) == ("img", True)
    described = " ".join(attributes.get("aria-label") or "" for _, attributes in drawings)
    assert "Share of customers in Declining by month: Aug 2026" in described


def test_the_document_has_a_language_a_title_and_named_scroll_regions(fourth):
    assert fourth.all("html")[0][1]["lang"] == "en"
    assert "<title>Customer segments as of 2026-11-01</title>" in fourth.html
    regions = [a for _, a in fourth.elements if a.get("class") == "scroll"]
    assert regions
    assert all(a["aria-label"] and a["tabindex"] == "0" for a in regions)


def test_it_names_the_date_the_run_the_rules_and_the_comparison(fourth):
    run = make_run(MONTHS[3], load_rules())
    for expected in (
        "1 November 2026",
        run.run_key,
        run.rules_hash,
        run.code_version,
        "1 October 2026",
        "3 August 2026",
    ):
        assert expected in fourth.text


def test_warnings_of_the_gate_are_told_in_words(fourth):
    assert "5 checks made, 1 warning" in fourth.text
    assert "Declining holds 4.1% of customers, below the 5% that the rules expect." in fourth.text


def test_each_number_stands_beside_its_interval(fourth):
    assert fourth.html.count('class="interval"') >= 5 * 4 + 2
    assert "with caution" in fourth.text


def test_the_first_month_says_why_there_is_nothing_to_compare(first):
    assert "No earlier month is published to compare with" in first.text
    assert first.text.count("No earlier publication exists to compare with.") == 2


def test_a_backtest_that_is_not_due_says_so(reports):
    second = reports[1][0]
    assert "The window ends after the as-of date." in second.text


def test_the_backtest_of_each_segment_stands_beside_that_of_all_customers(fourth):
    ratio = r"\d\.\d\d \d\.\d\d to \d\.\d\d \$"
    for name in ("Declining", "All customers"):
        assert re.search(f"{name} {ratio}", fourth.text), name


def test_the_charts_of_months_and_of_the_backtest_are_drawn_from_the_files(reports):
    charts = charts_of(reports[3][0].html)
    shares = [estimates(folder, "segment_share") for _, folder in reports]
    panels = {said.split(" by month")[0]: rows for said, rows in charts if " by month: " in said}
    assert set(panels) == {f"Share of customers in {segment}" for segment in shares[0]}
    for said, rows in panels.items():
        assert [drawn_numbers(row) for row in rows] == [
            month[said.removeprefix("Share of customers in ")] for month in shares
        ]
    (backtest,) = [
        rows for said, rows in charts if said.startswith("What came in the 90 days after the date")
    ]
    published = estimates(reports[3][1], "backtest_spend_ratio")
    drawn = {row["label"].replace("All customers", ""): row for row in backtest if "label" in row}
    assert set(drawn) == set(published)
    for segment, row in drawn.items():
        for written, end, beyond in zip(
            published[segment], drawn_numbers(row), (None, "open_low", "open_high"), strict=True
        ):
            assert end == written or row[beyond] is not None


def drawn_numbers(row):
    return tuple("" if row[end] is None else f"{row[end]:.12g}" for end in ("value", "low", "high"))


def estimates(folder, metric):
    with (folder / "data/statistics.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["segment"]: (row["estimate"], row["ci_low"], row["ci_high"])
            for row in csv.DictReader(file)
            if row["metric"] == metric and row["is_primary"] == "true"
        }


def test_numbers_that_can_not_be_estimated_are_dashes_with_their_reason(tmp_path):
    settings = make_settings(tmp_path)
    run = make_run(MONTHS[0], load_rules())
    write_candidate(settings, run)
    with open_warehouse(settings) as warehouse:
        warehouse.execute(
            "update runs.statistics set estimate = null, ci_low = null, ci_high = null, trust = null, reason = 'too_few_users'"
        )
    page = render(settings, run)
    assert "Fewer users than the minimum sample size." in page.text
    assert "None" not in page.text
    assert "nan" not in page.text.lower()
    assert page.text.count("\u2013") >= 20


def test_text_from_the_data_is_escaped(tmp_path):
    settings = make_settings(tmp_path)
    run = make_run(MONTHS[0], load_rules()).model_copy(update={"dag_run_id": "<script>alert(1)</script>"})
    write_candidate(settings, run)
    with open_warehouse(settings) as warehouse:
        warehouse.execute(
            "update control.gate_results set message = '<img src=x onerror=alert(1)>' where not success"
        )
    page = render(settings, run)
    assert "alert" not in page.still.replace("&lt;img src=x onerror=alert(1)&gt;", "").replace(
        "&lt;script&gt;alert(1)", ""
    )
    assert not page.all("img")
    assert "<img src=x onerror=alert(1)>" in page.text


def test_an_empty_segment_does_not_break_it(tmp_path):
    settings = make_settings(tmp_path)
    run = make_run(MONTHS[0], load_rules())
    write_candidate(settings, run)
    with open_warehouse(settings) as warehouse:
        warehouse.execute("delete from runs.customer_segments where customer_segment = 'Declining'")
        warehouse.execute("delete from runs.statistics where segment = 'Declining'")
    assert "Not computed by this run." in render(settings, run).text


def render(settings, run):
    publish(run, settings)
    folder = settings.duckdb_path.parent / "artifacts" / f"as_of={run.as_of_date}" / f"run={run.run_key}"
    return Page((folder / "report/index.html").read_text(encoding="utf-8"))


def test_text_and_marks_have_enough_contrast_in_light_and_dark(fourth):
    both = re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]+), (#[0-9a-f]+)\)", fourth.html)
    for place in (1, 2):
        theme = {colours[0]: colours[place] for colours in both}
        pairs = [
            ("ink", "ground"),
            ("ink", "sheet"),
            ("soft", "ground"),
            ("soft", "sheet"),
            ("accent", "ground"),
        ]
        pairs += [(f"{tone}-ink", f"{tone}-ground") for tone in ("warn", "bad", "good")]
        for text, ground in pairs:
            assert contrast(theme[text], theme[ground]) >= 4.5, (text, ground)
        for segment, colour in categorical(shipped("customer_segments").names).items():
            assert contrast(colour, theme["ground"]) >= 3, segment
