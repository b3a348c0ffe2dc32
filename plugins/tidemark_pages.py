"""The frame of the pages in Airflow: Airflow's colours and theme, one small script, and words for numbers.

Without script a page shows the same; it then follows the browser's theme, and Airflow's own pages open inside
the tab.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import quote, urlsplit

from airflow.configuration import conf

_SCRIPT = """
(() => {
  let outer = null;
  try { if (window.parent !== window) outer = window.parent.document; } catch { /* another origin: a page of its own */ }
  if (!outer) return;
  const theme = () => {
    const classes = outer.documentElement.classList;
    document.documentElement.style.colorScheme =
      classes.contains('dark') ? 'dark' : classes.contains('light') ? 'light' : '';
  };
  theme();
  new MutationObserver(theme).observe(outer.documentElement, { attributes: true, attributeFilter: ['class'] });
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-outside], a[download]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const copy = outer.createElement('a');
    copy.href = link.href;
    if (link.hasAttribute('download')) copy.download = link.download;
    outer.body.append(copy);
    copy.click();
    copy.remove();
  });
})();
"""
"""Airflow shows the tab in a frame that may not leave it, nor download before 3.3: such links are clicked in
Airflow's own page."""
SCRIPT_DIGEST = f"'sha256-{base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()}'"

_STYLE = """
:root { color-scheme: light dark;
  --ground: light-dark(#fff, #161d2d); --ink: light-dark(#161d2d, #f8fafd); --soft: light-dark(#3e5873, #a3afbe);
  --rule: light-dark(#dee3ea, #2d3b50); --accent: light-dark(#155dfc, #8ec5ff); --sheet: light-dark(#f3f6fa, #1d273a);
  --control: light-dark(#6b7f96, #8493a8);
  --good: light-dark(#007600, #2ecd74); --bad: light-dark(#c01a24, #ff8a8d); --warn: light-dark(#9a4a00, #fcc673); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 80rem; padding: 1.25rem; background: var(--ground); color: var(--ink);
  font: 15px/1.5 Inter, -apple-system, BlinkMacSystemFont, "Segoe UI", Helvetica, Arial, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .35rem; }
h2 { font-size: 1.1rem; margin: 1.75rem 0 .5rem; }
p, ul, dl { margin: 0 0 .75rem; max-width: 54rem; }
ul { padding-left: 1.2rem; }
a { color: var(--accent); }
a:focus-visible, summary:focus-visible, input:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.soft { color: var(--soft); }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; } .warn { color: var(--warn); font-weight: 600; }
.failed { border-left: 3px solid var(--bad); background: var(--sheet); padding: .6rem .9rem; margin: 0 0 .75rem; max-width: 60rem; }
.failed p { margin: 0 0 .3rem; }
.facts { display: flex; flex-wrap: wrap; gap: .35rem 2rem; margin: .5rem 0 1rem; max-width: none; }
.facts div { min-width: 6rem; } .facts dt { color: var(--soft); font-size: .82rem; } .facts dd { margin: 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .93rem; }
caption { text-align: left; color: var(--soft); padding-bottom: .35rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .9rem .5rem 0; border-bottom: 1px solid var(--rule); }
thead th { color: var(--soft); font-size: .82rem; font-weight: 600; white-space: nowrap; }
td:last-child { min-width: 14rem; }
tbody th { font-weight: 600; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
code { font-size: .86em; overflow-wrap: anywhere; }
.paste { -webkit-user-select: all; user-select: all; background: var(--sheet); border: 1px solid var(--rule); border-radius: .3rem; padding: .05rem .35rem; }
details { max-width: 54rem; } details ul { margin: .35rem 0; } summary { cursor: pointer; }
form { display: flex; flex-wrap: wrap; gap: .5rem; margin: .75rem 0 1rem; }
input, button { font: inherit; color: inherit; background: var(--sheet); border: 1px solid var(--control);
  border-radius: .35rem; padding: .35rem .7rem; min-width: 0; }
input { flex: 0 1 20rem; } button { cursor: pointer; }
@media (max-width: 44rem) {
  table, tbody, tr, th, td { display: block; } thead { display: none; }
  tr { padding: .5rem 0; border-bottom: 1px solid var(--rule); }
  th, td { border: 0; padding: .12rem 0; } .number { text-align: left; }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); }
  td:empty { display: none; }
}
"""


@dataclass(frozen=True)
class Markup:
    """HTML whose every text has been escaped; nothing else goes into a page as it is."""

    text: str = field(repr=False)

    def __str__(self) -> str:
        return self.text


def markup(template: str, /, **values: Any) -> Markup:
    """A template with values: texts are escaped, `Markup` is taken as it is, of a sequence all one after the
    other."""
    return Markup(template.format(**{name: _text(value) for name, value in values.items()}))


def _text(value: Any) -> str:
    if isinstance(value, Markup):
        return value.text
    if isinstance(value, list | tuple):
        return "".join(_text(part) for part in value)
    return escape("" if value is None else str(value))


def page(title: str, *body: Markup) -> str:
    """A whole page."""
    frame = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        '<link rel="icon" href="data:,">\n<style>{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n'
        "<script>{script}</script>\n</body>\n</html>\n"
    )
    return markup(frame, title=title, style=Markup(_STYLE), script=Markup(_SCRIPT), body=body).text


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], numbers: Iterable[str] = ()) -> Markup:
    """A table whose first column heads its rows; on a narrow screen each row becomes a block with labels."""
    right = {name: ' class="number"' if name in numbers else "" for name in columns}
    lines = [
        markup(
            '<tr><th scope="row">{head}</th>{cells}</tr>\n',
            head=row[0],
            cells=[
                markup(
                    '<td data-label="{name}"{right}>{cell}</td>', name=n, right=Markup(right[n]), cell=cell
                )
                if cell not in (None, "")
                else Markup("<td></td>")
                for n, cell in zip(columns[1:], row[1:], strict=True)
            ],
        )
        for row in rows
    ]
    heads = [markup('<th scope="col"{right}>{n}</th>', right=Markup(right[name]), n=name) for name in columns]
    return markup(
        "<table><thead><tr>{heads}</tr></thead><tbody>\n{lines}</tbody></table>", heads=heads, lines=lines
    )


def items(texts: Iterable[Any]) -> Markup:
    """A list of texts."""
    return markup("<ul>{items}</ul>", items=[markup("<li>{text}</li>", text=text) for text in texts])


def facts(named: Iterable[tuple[str, Any]]) -> Markup:
    """Facts with their names, without those that are not known."""
    return markup(
        '<dl class="facts">{facts}</dl>',
        facts=[
            markup("<div><dt>{name}</dt><dd>{value}</dd></div>", name=name, value=value)
            for name, value in named
            if value not in (None, "")
        ],
    )


def link(address: str, text: Any) -> Markup:
    """A link to a page of the plugin, relative to it; the parts of the address are quoted by the caller."""
    return markup('<a href="{address}">{text}</a>', address=address, text=text)


def file_link(address: str, text: Any) -> Markup:
    """A link to a file that is saved, not shown."""
    return markup('<a href="{address}" download>{text}</a>', address=address, text=text)


def airflow_link(path: str, text: Any) -> Markup:
    """A link to one of Airflow's own pages."""
    return markup('<a href="{address}" data-outside>{text}</a>', address=f"{base_path()}{path}", text=text)


def pasted(**values: Any) -> Markup:
    """Values for Airflow's trigger form: one click selects the line, and pasted as the form's JSON it fills
    the fields."""
    return markup('<code class="paste">{line}</code>', line=json.dumps(values))


def dag_path(dag_id: str, run_id: str | None = None, task_id: str | None = None) -> str:
    """The path of a DAG, of one of its runs, or of a task of a run in Airflow's UI."""
    parts = [("dags", dag_id), ("runs", run_id), ("tasks", task_id)]
    return "".join(f"/{name}/{quote(value, safe='')}" for name, value in parts if value)


def base_path() -> str:
    """The path below which Airflow is served, without a slash at the end."""
    return urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")


def count(number: Any) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,}" if isinstance(number, int) else ""


def duration(seconds: Any) -> str:
    """Seconds as a person says them."""
    if not isinstance(seconds, int | float):
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def moment(text: Any) -> str:
    """An instant in UTC to the second, from ISO 8601."""
    return str(text or "")[:19].replace("T", " ")
