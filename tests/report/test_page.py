"""The page with several families: a chapter each, one contents block, and still one file that needs nothing
else."""

import base64
import hashlib
import re
from itertools import pairwise

import pytest

from include.tidemark.artifacts.tables import WrittenFile
from include.tidemark.report.page import render, write_report
from include.tidemark.report.script import scripts
from include.tidemark.rules import load_rules
from tests.artifacts.months import MONTHS, make_run
from tests.report import fabricated
from tests.report.pages import Page

GATE = [
    {
        "stage": stage,
        "expectation": "expect_something",
        "table_name": "runs.t",
        "column_name": None,
        "severity": "warning",
        "success": True,
        "observed": None,
        "message": None,
    }
    for stage in ("sources", "models", "statistics")
]
FILES = [WrittenFile(path, 60) for path in fabricated.FILES]


@pytest.fixture(scope="module")
def run():
    return make_run(MONTHS[3], load_rules())


@pytest.fixture(scope="module")
def html(run):
    return render(run, fabricated.parts(), GATE, FILES, left_out=fabricated.LEFT_OUT)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_it_asks_the_network_for_nothing_and_runs_its_own_scripts_only(page):
    assert not page.all("iframe", "object", "embed", "img", "base", "use", "image", "a:link")
    assert {a.get("type") for _, a in page.all("script")} == {None, "application/json"}
    assert page.scripts == [str(text) for text in scripts()]
    assert [a["id"] for _, a in page.all("form")] == ["controls"]
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        for name in ("src", "href", "xlink:href", "action", "srcset", "poster"):
            assert (attributes.get(name) or "#").startswith(("#", "../", "data:,")), (tag, name)
    assert not re.findall(r'"https?:|//[a-z]+\.|url\(|@import', page.still)


def test_its_policy_allows_its_own_style_and_scripts_and_nothing_else(html, page):
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    of_style, *of_scripts = (
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in (style, *page.scripts)
    )
    assert policy == (
        f"default-src 'none'; style-src {of_style}; script-src {' '.join(of_scripts)}; img-src data:; base-uri 'none';"
        " form-action 'none'"
    )


def test_it_is_small(html):
    assert len(html.encode()) < 3_000_000


def test_the_same_parts_give_the_same_page(run, html):
    assert render(run, fabricated.parts(), GATE, FILES, left_out=fabricated.LEFT_OUT) == html


def test_every_family_is_a_chapter_with_its_key_figures(page):
    chapters = [a["id"] for tag, a in page.all("article") if a["class"] == "chapter"]
    assert chapters == ["customer-segments", "engagement", "planners", "early-engagement", "fee-tiers"]
    labels = [attributes["aria-label"] for _, attributes in page.all("dl") if "aria-label" in attributes]
    assert labels == ["Customer segments", "Engagement", "Planners", "Early engagement", "Fee tiers"]
    assert page.text.count("Whales' share of fees") == 1


def test_the_contents_show_one_figure_a_family_and_lead_to_every_section(page, html):
    start = html.index('<nav id="contents"')
    contents = html[start : html.index("</nav>", start)]
    assert contents.count('class="headline"') == 5
    assert "84,120" in contents
    assert "61.8%" not in contents
    sections = [a["id"] for _, a in page.all("section")]
    assert len(sections) > 12
    for name in [*sections, "fee-tiers"]:
        assert f'href="#{name}"' in contents, name


def test_ids_are_unique_although_families_name_their_sections_alike(page):
    assert "engagement-retention" in page.ids
    assert "fee-tiers-retention" in page.ids
    assert len(page.ids) == len(set(page.ids))
    links = {href[1:] for href in page.links if href.startswith("#")}
    assert links <= set(page.ids)


def test_headings_never_skip_a_level(page):
    levels = [int(tag[1]) for tag, _ in page.all("h1", "h2", "h3", "h4", "h5")]
    assert levels.count(1) == 1
    assert 4 in levels
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_families_that_are_left_out_are_named_with_their_reasons(page):
    assert "Planners , because the table events is neither mapped in sources.yml nor landed" in page.text
    assert "Fee tiers: this deployment does not enable it." in page.text


def test_a_page_without_them_says_nothing_of_families_left_out(run):
    text = Page(render(run, fabricated.parts()[:1], GATE, FILES)).text
    assert "Not computed" not in text
    assert "Not in it" not in text


def test_one_family_alone_names_those_left_out_too(run):
    text = Page(render(run, fabricated.parts()[:1], GATE, FILES, left_out=fabricated.LEFT_OUT)).text
    assert "Not computed Planners: the table events is neither mapped in sources.yml nor landed." in text


def test_a_section_links_to_its_files_that_were_written_and_to_no_other(page):
    assert page.links.count("../data/ltv_by_fee.csv") == 2
    assert "../data/never_written.csv" not in page.links
    assert "60 rows" in page.text


def test_every_drawing_is_described_or_decoration(page):
    drawn = [attributes for _, attributes in page.all("svg")]
    assert len(drawn) > 40
    for attributes in drawn:
        assert attributes.get("aria-hidden") == "true" or attributes["aria-label"]


def test_it_says_how_to_read_what_its_families_show(page):
    for topic in (
        "Intervals.",
        "Trust.",
        "p-values.",
        "Odds ratios.",
        "Few periods.",
        "Unfinished windows.",
        "Charts.",
    ):
        assert topic in page.text
    assert "Benjamini and Hochberg" in page.text
    assert "discrimination (AUC)" in page.text
    assert "never 0%" in page.text


def test_every_class_of_a_drawing_or_legend_is_in_the_style_sheet(html):
    style, body = html.split("</style>")
    used = {name for names in re.findall(r'class="([^"]*)"', body) for name in names.split()}
    ours = {
        name
        for name in used
        if name.startswith(("fill-", "line-", "chip", "swatch", "ramp", "legend", "chart"))
    }
    assert len(ours) > 15
    assert not [name for name in ours if f".{name}" not in style]


def test_the_report_is_written_where_the_manifest_looks_for_it(run, tmp_path):
    written = write_report(
        run,
        fabricated.parts()[:1],
        GATE,
        account=[],
        files=FILES,
        validation=[],
        target=tmp_path,
        left_out=fabricated.LEFT_OUT,
    )
    assert written == WrittenFile("report/index.html", None)
    assert "Not computed" in (tmp_path / written.path).read_text(encoding="utf-8")
