"""Markup in names, categories, sentences and ids, as a real browser shows the report and the pages in
Airflow: nothing of it runs."""

import json

import pytest
from markupsafe import Markup

from include.tidemark.families.left_out import LeftOut
from include.tidemark.report import charts
from include.tidemark.report.charts import Bar, Estimate, HeatCell, Point, Stage
from include.tidemark.report.numbers import number, p_value, trust
from include.tidemark.report.page import write_report
from include.tidemark.report.parts import KeyFigure, ReportPart, Section
from include.tidemark.report.words import percent
from include.tidemark.rules import load_rules
from tests.artifacts.months import MONTHS, make_run
from tests.browser.conftest import Reader
from tests.report import fabricated
from tests.report.test_page import FILES, GATE

ATTACKS = (
    "<script>window.stolen = 1</script>", '<img src=x onerror="window.stolen = 1">', "</script><script>window.stolen = 1</script>",
    "\"'><svg onload=window.stolen=1>", "' onmouseover='window.stolen = 1", "javascript:window.stolen=1", "</style><script>window.stolen=1</script>",
    "<!--<script>", "{{constructor.constructor('window.stolen=1')()}}", "<a href='javascript:window.stolen=1'>x</a>",
)  # fmt: skip


def is_untouched(reader):
    """No script of the texts ran, nothing of them became an element, and the page asked for nothing."""
    page = reader.page
    assert page.evaluate("window.stolen") is None
    assert (
        page.locator(
            "img, iframe, object, [onerror], [onload], [onmouseover], a[href^='javascript:']"
        ).count()
        == 0
    )
    assert not reader.said
    return page.locator("body").inner_text()


def hostile_part():
    """A family whose every text is an attack, with a chart of each kind."""
    names = dict(
        zip(ATTACKS, list(charts.categorical([str(n) for n in range(5)]).values()) * 3, strict=False)
    )
    one = ATTACKS[2]
    drawings = [
        charts.curves({name: [Point(0, 0.5), Point(1, 0.4)] for name in ATTACKS}, names, x_title=one, y_format="percent", description=one),
        charts.stacked_bars([Bar("now", name, 1.0) for name in ATTACKS], names, normalised=True, description=one),
        charts.heat_map([HeatCell("1", name, 0.4, name) for name in ATTACKS], one),
        charts.funnel_bars([Stage(name, 100 - n, 1 - n / 100) for n, name in enumerate(ATTACKS)], one),
        charts.dot_intervals([Estimate(name, 0.1, 0.05, 0.2, note=name) for name in ATTACKS], form="percent", description=one),
    ]  # fmt: skip
    cells = {
        "shown": number(fabricated.row(None, reason=one), percent),
        "p": p_value(fabricated.row(0.1, p_value=0.2)),
        "trust": trust(),
    }
    rows = [{"name": name, "colour": names[name], **cells} for name in ATTACKS]
    body = Markup("").join(
        [*(fabricated.figure(drawing, one, one) for drawing in drawings), fabricated.table(one, rows)]
    )
    figures = tuple(KeyFigure(name, name, name, facets={"segment": name}, change=name) for name in ATTACKS)
    return ReportPart(
        one, figures, (Section("attacks", one, body),), intro=one, names={name: name for name in ATTACKS}
    )


@pytest.fixture(scope="module")
def hostile_report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    fabricated.write_files(folder)
    run = make_run(MONTHS[3], load_rules()).model_copy(update={"dag_run_id": ATTACKS[0]})
    failed = [
        {**GATE[n % 3], "success": False, "message": text, "observed": text} for n, text in enumerate(ATTACKS)
    ]
    left_out = [LeftOut("planners", text) for text in ATTACKS]
    written = write_report(
        run,
        [hostile_part(), fabricated.segments()],
        failed,
        account=[],
        files=FILES,
        validation=[],
        target=folder,
        left_out=left_out,
    )
    return (folder / written.path).as_uri()


def test_in_the_report_every_text_is_shown_as_it_is_written(browser, hostile_report):
    reader = Reader(browser, hostile_report)
    reader.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    for chart in reader.page.locator(".live:visible").all():
        chart.scroll_into_view_if_needed()
        reader.page.wait_for_function(
            "(chart) => chart.classList.contains('drawn') && !chart.ariaBusy", arg=chart.element_handle()
        )
        chart.hover()
    shown = is_untouched(reader)
    assert all(text in shown for text in ATTACKS)
    reader.context.close()


@pytest.mark.parametrize("text", ATTACKS)
def test_in_the_address_of_the_report_it_chooses_nothing(browser, hostile_report, text):
    reader = Reader(browser, "about:blank")
    reader.page.goto(
        f"{hostile_report}?{'&'.join(f'{name}={text}' for name in ('segment', 'family', 'from', 'tier'))}#{text}"
    )
    is_untouched(reader)
    reader.context.close()


def test_in_the_pages_in_airflow_every_text_is_shown_as_it_is_written(
    browser, client, metadata, artifacts, make
):
    month = make.month()
    month["summary"] |= {"changes": list(ATTACKS), "families": list(ATTACKS)}
    make.index(artifacts, [month])
    manifest = next(artifacts.glob("as_of=*/run=*/manifest.json"))
    content = json.loads(manifest.read_text())
    content["families"] = [
        {"name": text, "status": "left_out", "reason": text, "previous": None, "changes": [text]}
        for text in ATTACKS
    ]
    content["gate"] = {"results": [make.result(text, name=text) | {"stage": "models"} for text in ATTACKS]}
    manifest.write_text(json.dumps(content))
    identity = {"as_of_date": "2026-11-01", "run_key": month["run_key"]}
    for text in ATTACKS:
        metadata.add(
            text,
            "failed",
            by=text,
            note=text,
            results={"resolve_run": identity},
            tasks=[(text, "failed")],
            failures={text: text},
        )
    pages = {"http://tidemark.test/months": client.get("/tidemark/", params={"q": ATTACKS[1]})}
    pages["http://tidemark.test/all"] = client.get("/tidemark/")
    pages |= {
        f"http://tidemark.test/run{n}": client.get("/tidemark/run", params={"run_id": text})
        for n, text in enumerate(ATTACKS)
    }
    reader = Reader(browser, "about:blank")

    def answer(route):
        found = pages[route.request.url]
        route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.content)

    reader.page.route("http://tidemark.test/**", answer)
    for address in pages:
        reader.page.goto(address)
        shown = is_untouched(reader)
        assert any(text in shown for text in ATTACKS), address
    reader.context.close()
