"""The plugin's pages and the report in a frame as Airflow makes it: theme, downloads, and links that leave
the frame."""

import json
import socket
import threading
import time

import pytest
import uvicorn
from fastapi.responses import HTMLResponse

from tests.browser.conftest import Reader
from tests.browser.test_report_page import SCREENSHOTS
from tests.plugins.conftest import KEY, RUN
from tests.plugins.test_pages import FAILED, failed  # noqa: F401 (a fixture)
from tests.report import fabricated

AIRFLOW = (
    '<!doctype html><html class="{theme}"><head><link rel="icon" href="data:,"></head><body><a href="/dags/x">DAG</a>'
    '<iframe style="width: 1100px; height: 1500px; border: 0" sandbox="allow-scripts allow-same-origin allow-forms" src="{inside}">'
    "</iframe></body></html>"
)
"""What Airflow 3.2.1 shows a tab in; 3.3 allows downloads, too."""
GROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 23, 28)"}


@pytest.fixture
def airflow(client, artifacts, report):
    """A web server with the plugin and a page that frames it, over a real report; its address."""
    folder = artifacts / "as_of=2026-11-01" / f"run={KEY}"
    (folder / "report/index.html").write_bytes(report.read_bytes())
    fabricated.write_files(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] += [{"path": path, "rows": 10, "bytes": 10} for path in fabricated.FILES]
    (folder / "manifest.json").write_text(json.dumps(manifest))

    @client.app.get("/tab", response_class=HTMLResponse)
    def tab(theme: str, inside: str) -> str:
        return AIRFLOW.format(theme=theme, inside=inside)

    @client.app.get("/dags/{path:path}", response_class=HTMLResponse)
    def dags(path: str) -> str:
        return '<link rel="icon" href="data:,"><p>A page of Airflow</p>'

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(client.app, log_level="error"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def tab(browser, airflow):
    """Opens a page of the plugin in Airflow's frame: the reader, and the frame."""
    opened = []

    def open_tab(inside, theme, **settings):
        reader = Reader(browser, f"{airflow}/tab?theme={theme}&inside={inside}", **settings)
        opened.append(reader)
        return reader, reader.page.frame_locator("iframe")

    yield open_tab
    for reader in opened:
        reader.context.close()


def ground_of(frame):
    return frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")


def complaints(reader):
    """What the console says, but for what Chromium says of Airflow's own frame."""
    return [said for said in reader.said if "for its sandbox attribute" not in said]


def other(theme):
    return "light" if theme == "dark" else "dark"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_report_takes_airflow_s_theme_and_follows_it(tab, theme):
    reader, frame = tab(f"{RUN}/report/index.html", theme, color_scheme=other(theme))
    frame.locator("#controls").wait_for()
    assert ground_of(frame) == GROUNDS[theme]
    reader.page.evaluate(f"document.documentElement.className = '{other(theme)}'")
    frame.locator(f":root[style*='{other(theme)}']").wait_for(state="attached")
    assert ground_of(frame) == GROUNDS[other(theme)]
    assert not complaints(reader)


def test_a_report_by_itself_follows_the_browser(browser, airflow):
    for theme, ground in GROUNDS.items():
        reader = Reader(browser, f"{airflow}{RUN}/report/index.html", color_scheme=theme)
        assert reader.page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
        reader.context.close()


def test_files_are_saved_from_a_frame_that_may_not_download(tab):
    reader, frame = tab(f"{RUN}/report/index.html", "light")
    frame.locator("#controls").wait_for()
    for link in ('button[data-file="ltv_by_fee.csv"]', 'p.downloads a[href$="ltv_by_fee.csv"]'):
        with reader.page.expect_download() as waiting:
            frame.locator(link).first.click()
        assert waiting.value.suggested_filename == "ltv_by_fee.csv"
        assert waiting.value.path().read_bytes() == fabricated.LTV_CSV.encode()


@pytest.mark.usefixtures("failed")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("inside", ["/tidemark/", f"/tidemark/run?run_id={FAILED.replace('+', '%2B')}"])
def test_a_page_of_the_plugin_takes_airflow_s_theme_and_axe_finds_nothing(tab, inside, theme):
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    reader, frame = tab(inside.replace("%", "%25"), theme, color_scheme=other(theme))
    frame.locator("h1").wait_for()
    frame.locator(f":root[style*='{theme}']").wait_for(state="attached")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page = "run" if "run_id" in inside else "months"
    reader.page.screenshot(path=SCREENSHOTS / f"airflow-{page}-{theme}.png", full_page=True)
    assert not complaints(reader)
    alone = reader.page.frames[1]
    reader.page.goto(alone.url)
    reader.page.emulate_media(color_scheme=theme)
    found = Axe().run(reader.page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] != "minor"] == []


@pytest.mark.usefixtures("failed")
def test_a_link_to_airflow_leaves_the_frame_and_a_file_is_saved(tab):
    reader, frame = tab("/tidemark/run?run_id=scheduled__2026-11-01", "dark")
    frame.get_by_text("files", exact=False).first.wait_for()
    frame.locator("details:has-text('files') summary").first.click()
    with reader.page.expect_download() as waiting:
        frame.get_by_role("link", name="data/ltv_by_fee.csv").click()
    assert waiting.value.path().read_bytes() == fabricated.LTV_CSV.encode()
    frame.get_by_role("link", name="Trigger").first.click()
    reader.page.wait_for_url("**/dags/monthly_segmentation")
