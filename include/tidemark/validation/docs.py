"""Data Docs: Great Expectations' own pages, made to open from a disk without a network.

Its pages load scripts, fonts and pictures from six foreign hosts, and its index is drawn by those scripts. A
reader inside a closed network would see an empty page, and an open one would tell third parties who reads
which report. So each page is rendered by Great Expectations and then stripped of everything foreign, and the
index is written here.
"""

import html
import json
from dataclasses import asdict
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view.view import DefaultJinjaPageView

from include.tidemark.validation.checks import GateReport

CHECKS = "checks.json"
"""The list of a stage: its results, and its files. What is served of a run without a manifest is what it
names."""

_STYLE = Path(__file__).with_name("docs.css")


def write_data_docs(
    answers: list[Any], report: GateReport, as_of_date: date, run_key: str, folder: Path
) -> None:
    """Write `index.html`, one page and one JSON file a suite, and `checks.json`, to a local folder."""
    style = _STYLE.read_text(encoding="utf-8")
    for answer in answers:
        (folder / f"{answer.suite_name}.html").write_text(_page(answer, style), encoding="utf-8")
        content = json.dumps(answer.to_json_dict(), indent=1, sort_keys=True, allow_nan=False)
        (folder / f"{answer.suite_name}.json").write_text(content, encoding="utf-8")
    (folder / "index.html").write_text(_index(report, as_of_date, run_key, style), encoding="utf-8")
    listed = {
        "stage": report.stage,
        "counts": report.counts,
        "files": sorted(path.name for path in folder.iterdir()),
        "results": [asdict(result) for result in report.results],
    }
    content = json.dumps(listed, indent=1, ensure_ascii=False, allow_nan=False)
    # A sentence of a deployment's own check is text, wherever the file is opened.
    (folder / CHECKS).write_text(content.replace("<", "\\u003c"), encoding="utf-8")


@cache
def _view() -> Any:
    """Compiling its templates takes longer than rendering all pages of a stage."""
    return DefaultJinjaPageView()


def _page(answer: Any, style: str) -> str:
    page = _view().render(ValidationResultsPageRenderer().render(answer))
    body = _Stripped()
    body.feed(page)
    return _document(
        f"Validation of {answer.suite_name}", '<p><a href="index.html">All checks</a></p>' + body.text, style
    )


def _index(report: GateReport, as_of_date: date, run_key: str, style: str) -> str:
    counts = report.counts
    rows = "".join(
        f'<tr class="{"ok" if result.success else result.severity}">'
        f"<td>{'ok' if result.success else result.severity}</td>"
        f'<td><a href="{html.escape(result.suite)}.html">{html.escape(result.suite)}</a></td>'
        f"<td>{html.escape(result.expectation)}</td><td>{html.escape(result.observed or 'none')}</td>"
        f"<td>{html.escape(result.message)}</td></tr>"
        for result in sorted(report.results, key=lambda result: result.success)
    )
    return _document(
        f"Gate: {report.stage}",
        f"<h1>Gate: {report.stage}</h1><p>As of {as_of_date}, run {html.escape(run_key)}. {counts['checks']} checks;"
        f" failed: {counts['critical']} critical, {counts['warning']} warnings, {counts['info']} notes.</p>"
        "<table><thead><tr><th>Result</th><th>Suite</th><th>Check</th><th>Observed</th><th>What it says</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>",
        style,
    )


def _document(title: str, body: str, style: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport"'
        f' content="width=device-width, initial-scale=1"><title>{html.escape(title)}</title><style>{style}</style></head>'
        f"<body>{body}</body></html>"
    )


_VOID = frozenset({"img", "link", "meta", "input", "br", "hr"})
_DROPPED = frozenset({"head", "script", "style", "footer", "img", "link", "meta", "button", "input", "nav"})
_SIDEBAR = "col-lg-2"
"""Class of the column with filters and contents, which only scripts bring to life."""
_MARKS = {"fa-times": "failed", "fa-check-circle": "ok", "fa-exclamation-triangle": "error"}
"""Icons of a font that is not there, in words."""


class _Stripped(HTMLParser):
    """The content of a page without whatever needs a network or a script."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.text = ""
        self._dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID and (tag in _DROPPED or self._dropping):
            return
        words = (dict(attrs).get("class") or "").split()
        if self._dropping or tag in _DROPPED or _SIDEBAR in words:
            self._dropping.append(tag)
            return
        self.text += next((f"<b>{_MARKS[word]}</b> " for word in words if word in _MARKS), "")
        if tag not in ("html", "body"):
            kept = "".join(
                f' {name}="{html.escape(value or "")}"'
                for name, value in attrs
                if name in ("id", "class", "colspan") or (name == "href" and (value or "").startswith("#"))
            )
            self.text += f"<{tag}{kept}>"

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            if tag == self._dropping[-1]:
                self._dropping.pop()
        elif tag not in ("html", "body", *_VOID):
            self.text += f"</{tag}>"

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self.text += data.strip("\n")

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")
