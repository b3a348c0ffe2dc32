"""The controls of the report in a real browser: what they filter, the address, downloads, keyboard and
touch."""

import csv
import io

import pytest

from tests.report import fabricated

RETENTION, HEAT, VOLUME = "Retention by tier.", "Retention by tier and week.", "Volume by size."
PARETO, FIT, ACQUIRED = "Volume over users.", "Volume of whale by fee.", "New and returning by period."


def tiers(told):
    return {text.partition(",")[0] for text in told}


def test_a_tier_that_is_chosen_is_alone_in_every_chart_that_shows_tiers(read):
    reader = read()
    assert tiers(reader.told(RETENTION)) == {f"{tier} bps" for tier in fabricated.TIERS}
    reader.choose("tier", "5 bps", "25 bps")
    assert tiers(reader.told(RETENTION)) == {"5 bps", "25 bps"}
    assert tiers(reader.told(HEAT)) == {"5 bps", "25 bps"}
    assert tiers(reader.told("Value after 12 weeks.")) == {"5 bps", "25 bps"}
    assert len(reader.told(VOLUME)) == 8 * 5  # is about sizes, and stays


def legend_of(reader, said):
    entries = reader.chart(said).locator("xpath=..").locator(".legend > [data-for]")
    return entries.evaluate_all("all => all.filter(one => !one.hidden).map(one => one.textContent)")


CHOOSE = """tiers => {
    const boxes = document.querySelectorAll("form input[name=tier]");
    boxes.forEach((box) => { box.checked = tiers.some((tier) => box.value.endsWith(`:${tier}`)); });
    boxes[0].dispatchEvent(new Event("change", {bubbles: true}));
}"""


def test_a_legend_names_what_is_drawn_and_a_heat_map_is_as_high_as_its_rows(read):
    reader = read()
    tiers_named = [f"{tier} bps" for tier in fabricated.TIERS]
    missing = ["no number yet: the window is not over", "no number: too few users"]
    size = "svg => svg.viewBox.baseVal.height"
    height = lambda: reader.chart(HEAT).locator(".alive svg").evaluate(size)  # noqa: E731
    whole = height()
    assert legend_of(reader, RETENTION) == tiers_named
    assert legend_of(reader, HEAT) == missing
    reader.choose("tier", "5 bps", "10 bps")
    assert legend_of(reader, RETENTION) == ["5 bps", "10 bps"]
    assert legend_of(reader, HEAT) == missing[:1]
    assert whole - height() == 3 * 30
    reader.choose("segment", "whale")
    assert legend_of(reader, VOLUME) == ["whale"]
    assert [entry.partition(":")[0] for entry in legend_of(reader, PARETO)] == ["whale"]
    reader.page.click("button[type=reset]")
    assert legend_of(reader, RETENTION) == tiers_named
    assert height() == whole


def test_a_chart_out_of_sight_says_that_it_is_behind_until_it_is_looked_at(read):
    reader = read()
    chart = reader.chart(RETENTION).element_handle()
    reader.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    reader.page.wait_for_function("chart => chart.getBoundingClientRect().bottom < -400", arg=chart)
    reader.page.evaluate(CHOOSE, ["5 bps"])
    assert chart.get_attribute("aria-busy") == "true"
    assert tiers(reader.told(RETENTION)) == {"5 bps"}


def test_of_choices_that_come_faster_than_a_chart_is_drawn_the_last_one_is_shown(read):
    reader = read()
    reader.chart(RETENTION)
    reader.page.evaluate(f"""() => {{
        const choose = {CHOOSE};
        const drawn = window.vegaEmbed;
        let wait = 600;  // the first drawing takes longest
        window.vegaEmbed = async (...given) => {{
            await new Promise((done) => setTimeout(done, wait -= 200));
            return drawn(...given);
        }};
        choose(["1 bps", "5 bps"]);
        choose(["10 bps"]);
    }}""")
    reader.page.wait_for_timeout(1500)
    assert tiers(reader.told(RETENTION)) == set(legend_of(reader, RETENTION)) == {"10 bps"}


def test_a_segment_and_days_choose_among_the_parts_and_bars(read):
    reader = read()
    reader.choose("segment", "whale", "micro")
    assert len(reader.told(VOLUME)) == 8 * 2
    reader.page.fill("input[name=from]", "2025-09-03")
    reader.page.fill("input[name=to]", "2025-09-04")
    assert len(reader.told(VOLUME)) == 2 * 2
    assert len(reader.told(ACQUIRED)) == 2 * 2


def test_a_horizon_and_a_rate_show_their_own_chart(read):
    reader = read()
    shown = "() => [...document.querySelectorAll('[data-of*=horizon]')].filter(one => !one.hidden).map(one => one.dataset.of)"
    assert reader.page.evaluate(shown) == ['{"horizon": "12 weeks", "rate": "5%"}']
    reader.page.select_option("select[name=horizon]", "4 weeks")
    reader.page.select_option("select[name=rate]", "0%")
    assert reader.page.evaluate(shown) == ['{"horizon": "4 weeks", "rate": "0%"}']
    assert reader.told("Value after 4 weeks.")[0].startswith("1 bps, $4.33")


def test_shares_replace_counts_and_a_family_stands_alone(read):
    reader = read()
    seen = lambda view: reader.page.locator(f"""[data-of='{{"view": "{view}"}}']""").first.is_visible()  # noqa: E731
    assert (seen("counts"), seen("shares")) == (True, False)
    reader.page.check("input[name=view]")
    assert (seen("counts"), seen("shares")) == (False, True)
    reader.page.select_option("select[name=family]", "planners")
    assert reader.page.locator("article.chapter:visible").evaluate_all("all => all.map(one => one.id)") == [
        "planners"
    ]


def test_a_link_restores_the_view_and_reset_takes_it_back(read):
    reader = read()
    reader.choose("tier", "10 bps")
    reader.page.select_option("select[name=horizon]", "4 weeks")
    reader.page.check("input[name=view]")
    query = reader.page.evaluate("location.search")
    again = read(query)
    assert tiers(again.told(RETENTION)) == {"10 bps"}
    assert again.page.locator("select[name=horizon]").input_value() == "4 weeks"
    assert again.page.locator("input[name=view]").is_checked()
    again.page.click("button[type=reset]")
    assert again.page.evaluate("location.search") == ""
    assert len(tiers(again.told(RETENTION))) == len(fabricated.TIERS)


@pytest.mark.parametrize("query", ["?tier=nothing", "?horizon=<img src=x>&rate=9%25&family=__proto__", "?from=yesterday&segment=a:b:c", "?tier=fee-tiers:5 bps<script>"])  # fmt: skip
def test_an_address_that_names_nothing_of_the_page_is_passed_over(read, query):
    reader = read(query)
    assert len(tiers(reader.told(RETENTION))) == len(fabricated.TIERS)
    assert reader.page.evaluate("location.search") == ""
    assert not reader.said


def test_a_chart_of_which_nothing_is_left_says_so(read):
    reader = read("?from=2030-01-01")
    chart = reader.page.locator(f'.live[data-said="{ACQUIRED}"]:visible').first
    chart.scroll_into_view_if_needed()
    chart.get_by_text("Nothing of this chart is in the selection.").wait_for()


def downloaded(reader, name):
    with reader.page.expect_download() as waiting:
        reader.page.locator(f'button[data-file="{name}"]').first.click()
    return waiting.value.path().read_bytes()


def test_a_download_without_a_choice_is_the_published_file_byte_for_byte(read):
    reader = read()
    assert downloaded(reader, "retention_by_fee.csv") == fabricated.RETENTION_CSV.encode()
    assert downloaded(reader, "ltv_by_fee.csv") == fabricated.LTV_CSV.encode()


def test_a_download_has_the_chosen_lines_as_they_are_in_the_file(read):
    reader = read()
    reader.choose("tier", "5 bps")
    reader.page.select_option("select[name=horizon]", "4 weeks")
    reader.page.select_option("select[name=rate]", "0%")
    text = downloaded(reader, "ltv_by_fee.csv").decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["acquisition_fee_bps"], row["horizon_weeks"], row["discount_rate"]) for row in rows] == [
        ("5", "4", "0")
    ]
    assert rows[0]["note"] == 'a, "quoted"\ncell'
    assert len(downloaded(reader, "retention_by_fee.csv").decode().splitlines()) == 1 + 2


def test_the_keyboard_alone_reaches_controls_and_reads_marks(read):
    reader = read()
    chart = reader.chart(RETENTION)
    chart.focus()
    tip = chart.locator(".tip")
    for _ in range(2):
        reader.page.keyboard.press("ArrowRight")
    assert tip.text_content() == "1 bps, weeks since the first swap 1, 61.3% (59.1% to 63.5%), 1 bps"
    reader.page.keyboard.press("ArrowLeft")
    assert tip.text_content().startswith("1 bps, weeks since the first swap 0")
    reader.page.keyboard.press("Escape")
    assert not tip.is_visible()
    control = reader.page.locator("details.control:has(input[name=tier]) summary")
    control.focus()
    reader.page.keyboard.press("Enter")
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Space")
    assert reader.page.evaluate("location.search") == "?tier=fee-tiers%3A1+bps"


def test_a_finger_and_a_pointer_are_told_what_a_mark_shows(read):
    for settings in ({}, {"has_touch": True, "viewport": {"width": 390, "height": 844}, "is_mobile": True}):
        reader = read("#fee-tiers-value", **settings)
        chart = reader.chart("Value after 12 weeks.")
        mark = chart.locator(".alive [data-told]").first
        mark.tap() if settings else mark.hover()
        assert chart.locator(".tip").text_content() == "1 bps, $12.33 ($10.33 to $15.33)"


def test_a_number_to_be_read_with_caution_is_hollow_and_its_interval_dashed(read):
    chart = read().chart("Value after 12 weeks.")
    hollow = chart.locator(".alive path[data-told^='15 bps']")
    assert hollow.get_attribute("fill") == "var(--ground)"
    assert chart.locator(".alive line[stroke-dasharray='4,3']").count() == 1
