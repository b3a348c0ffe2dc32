"""How fast a report answers in a browser: its first paint against that of an empty page, and a filter until
its charts stand.

    PYTHONPATH=. python benchmarks/bench_report.py                  # the demo's newest run
    PYTHONPATH=. python benchmarks/bench_report.py FOLDER           # of a run, or of artifacts

The page holds aggregates only, so its size follows families, weeks and segments, and not the number of users.
"""

import argparse
import json
import shutil
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, sync_playwright

from include.tidemark.cli.started import run_whole

PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
FILTERED = """async (box) => {
    const began = performance.now();
    box.click();
    const near = (box) => box.width && box.bottom > -300 && box.top < innerHeight + 300; // others wait to be looked at
    const behind = () => [...document.querySelectorAll('[aria-busy]')].some((one) => near(one.getBoundingClientRect()));
    while (behind()) await new Promise((done) => setTimeout(done, 1));
    return performance.now() - began;
}"""


def first_paint(browser: Browser, address: str, times: int = 7) -> float:
    """Milliseconds from the start of the navigation, the middle of several."""
    found = []
    for _ in range(times):
        page = browser.new_page()
        page.goto(address)
        page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
        found.append(page.evaluate(PAINTED))
        page.close()
    return median(found)


def filters(browser: Browser, address: str) -> list[float]:
    """Milliseconds of each choice of a tier or segment, beside the first chart that it applies to."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto(address)
    found = []
    for box in page.locator(":is(input[name=tier], input[name=segment])").all():
        chapter = (box.get_attribute("value") or "").partition(":")[0]
        page.locator(
            f"#{chapter} .live:visible" if chapter else ".live:visible"
        ).first.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
        found.append(float(box.evaluate(FILTERED)))
    page.close()
    return found


def report_in(folder: Path) -> Path | None:
    """The report of a run's folder, or of the newest run below a folder of artifacts; None where there is
    none."""
    own = folder / "report/index.html"
    return own if own.is_file() else max(folder.glob("as_of=*/run=*/report/index.html"), default=None)


def size(report: Path) -> str:
    """What the page is of: rows of the sources, as the manifest beside it says, and its own bytes."""
    manifest = json.loads((report.parent.parent / "manifest.json").read_text(encoding="utf-8"))
    rows = ", ".join(f"{source['rows']:,} {source['table']}" for source in manifest["sources"])
    return f"as of {manifest['as_of_date']}, {rows}; {report.stat().st_size / 1e6:.2f} MB"


def main() -> None:
    """Print both figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path(".local/artifacts"))
    folder = parser.parse_args().folder
    report = report_in(folder)
    if report is None:
        parser.exit(1, f"{folder} holds no report: run `make demo`, or name a run's folder.\n")
    print(size(report))
    address = report.resolve().as_uri()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        empty, full = first_paint(browser, "data:text/html,<p>empty</p>"), first_paint(browser, address)
        answers = filters(browser, address)
        browser.close()
    print(f"first paint: {full:.0f} ms, {full / empty:.1f} times that of an empty page")
    print(f"a filter: {median(answers):.0f} ms, at most {max(answers):.0f} ms ({len(answers)} of them)")


if __name__ == "__main__":
    run_whole(main)
