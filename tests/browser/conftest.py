"""A real browser: Debian's Chromium, driven by Playwright."""

import os
import shutil

import pytest

from include.tidemark.report.page import write_report
from include.tidemark.rules import load_rules
from tests.artifacts.months import MONTHS, make_run
from tests.plugins.conftest import artifacts, client, make, metadata, plugin  # noqa: F401 (fixtures)
from tests.report import fabricated
from tests.report.test_page import FILES, GATE

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser():
    """Ends with its module: Playwright's event loop would block tests that start one of their own."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here: install the package chromium, or name one in CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """A report with every kind of chart, and the files beside it, as it is opened from a disk."""
    folder = tmp_path_factory.mktemp("report")
    fabricated.write_files(folder)
    run = make_run(MONTHS[3], load_rules())
    written = write_report(
        run,
        fabricated.parts(),
        GATE,
        account=[],
        files=FILES,
        validation=[],
        target=folder,
        left_out=fabricated.LEFT_OUT,
    )
    return folder / written.path


class Reader:
    """A page in the browser, and what its console said."""

    def __init__(self, browser, address, **settings):
        self.context = browser.new_context(
            **{"viewport": {"width": 1200, "height": 900}, "accept_downloads": True, **settings}
        )
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)

    def chart(self, said):
        """The chart of a description, drawn."""
        chart = self.page.locator(f'.live[data-said="{said}"]:visible').first
        chart.scroll_into_view_if_needed()
        self.page.wait_for_function(
            "(chart) => chart.classList.contains('drawn') && !chart.ariaBusy", arg=chart.element_handle()
        )
        return chart

    def told(self, said):
        """What the marks of a chart tell, in order."""
        marks = self.chart(said).locator(".alive [data-told]")
        return marks.evaluate_all("all => all.map(one => one.dataset.told)")

    def choose(self, name, *values):
        """Tick values of a control that has several."""
        control = self.page.locator(f"details.control:has(input[name={name}])")
        control.locator("summary").click()
        for value in values:
            control.locator(f'input[value$=":{value}"]').check()
        control.locator("summary").click()


@pytest.fixture
def read(browser, report):
    """Opens the report, with a query, at a size or in a theme."""
    opened = []

    def open_report(query="", **settings):
        opened.append(Reader(browser, f"{report.as_uri()}{query}", **settings))
        return opened[-1]

    yield open_report
    for reader in opened:
        reader.context.close()
