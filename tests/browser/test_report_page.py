"""The report in a real browser: without a script, on a phone, in both themes, in print, and for those who
can't see it."""

import re
from pathlib import Path

import pytest

SCREENSHOTS = Path(".local/screenshots")
"""Kept after the tests, to be looked at."""
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SCREENS = {"page": {}, "phone": PHONE}


BROKEN_WORDS = """() => [...document.querySelectorAll('td, th')].flatMap((cell) => {
  const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), cut = [];
  while (texts.nextNode()) {
    for (const {0: word, index} of texts.currentNode.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, index);
      range.setEnd(texts.currentNode, index + word.length);
      if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1) cut.push(word);
    }
  }
  return cell.scrollWidth > cell.clientWidth + 1 ? [...cut, cell.textContent] : cut;
})"""
"""Words of table cells that are on two lines, and cells whose content does not fit."""


def draw_all(reader):
    """Scroll through the page, so that every chart is drawn."""
    page = reader.page
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    for chart in page.locator(".live:visible").all():
        chart.scroll_into_view_if_needed()
        page.wait_for_function(
            "(chart) => chart.classList.contains('drawn') && !chart.ariaBusy", arg=chart.element_handle()
        )


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS.keys())
def test_it_draws_every_chart_asks_for_nothing_and_says_nothing(read, screen, theme):
    reader = read(color_scheme=theme, **screen)
    draw_all(reader)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    name = f"report-{theme}-{reader.page.viewport_size['width']}.png"
    reader.page.screenshot(path=SCREENSHOTS / name, full_page=True)
    assert reader.page.locator(".live.drawn").count() > 20
    assert not reader.said
    assert [url for url in reader.asked if not url.startswith(("file:", "blob:"))] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS.keys())
def test_axe_finds_nothing_above_minor(read, screen, theme):
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    reader = read(color_scheme=theme, **screen)
    draw_all(reader)
    found = Axe().run(reader.page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] != "minor"] == []


def test_without_a_script_it_is_the_print_out(read):
    reader = read(java_script_enabled=False)
    assert not reader.page.locator("#controls").is_visible()
    assert reader.page.locator("svg.drawing:visible").count() > 20
    assert (
        reader.page.get_by_text("as filtered").count()
        == reader.page.locator("button[data-file][hidden]").count()
    )
    assert not reader.said


def test_a_phone_has_no_sideways_scroll_and_begins_folded_below_fifteen_screens(read):
    reader = read(**PHONE)
    width, height = reader.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert width <= 390
    assert height <= 15 * 844


def test_no_column_of_a_phone_is_narrower_than_its_longest_word(read):
    reader = read(**PHONE)
    reader.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert reader.page.evaluate(BROKEN_WORDS) == []


def test_a_link_into_a_folded_section_opens_it(read):
    reader = read("#fee-tiers-value", **PHONE)
    assert reader.page.locator("#fee-tiers-value > details").get_attribute("open") is not None
    assert reader.page.locator("#fee-tiers-sizes > details").get_attribute("open") is None


def test_print_shows_the_numbers_and_no_control(read, tmp_path):
    reader = read(**PHONE)
    reader.page.emulate_media(media="print")
    reader.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not reader.page.locator("#controls").is_visible()
    assert reader.page.locator("details.fold:not([open])").count() == 0
    pdf = reader.page.pdf()
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 3


def test_contents_stay_at_the_side_where_there_is_room(read):
    reader = read(viewport={"width": 1500, "height": 900})
    side = reader.page.locator("nav.side")
    reader.page.evaluate("scrollTo(0, 5000)")
    assert side.is_visible()
    assert side.bounding_box()["y"] == 0
    assert not read(viewport={"width": 1100, "height": 900}).page.locator("nav.side").is_visible()
