"""What makes the page answer to its reader: Vega's scripts, ours, and the files that a reader can download as
filtered."""

import base64
import csv
import gzip
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import vl_convert
from markupsafe import Markup

from include.tidemark.artifacts.tables import WrittenFile
from include.tidemark.report.templating import TEMPLATES

FACETS: Mapping[str, str] = {
    "acquisition_fee_bps": "tier",
    "final_fee_bps": "tier",
    "segment": "segment",
    "customer_segment": "segment",
    "behavioral_segment": "segment",
    "revenue_segment": "segment",
    "from_segment": "segment",
    "period_start_date": "date",
    "cohort_date": "date",
    "horizon_weeks": "horizon",
    "discount_rate": "rate",
}
"""Columns of published files -> the control of the page that chooses among their rows."""

_MOST_BYTES = 700_000
"""Of all files inside the page, packed: with Vega's scripts it stays under 3 MB. Files beyond that are linked
to only."""


@cache
def scripts() -> tuple[Markup, Markup]:
    """Vega, Vega-Lite and Vega-Embed as vl-convert carries them, and the script of the page's controls."""
    ours = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    return tuple(  # type: ignore[return-value]
        Markup(text.replace("</script", "<\\/script"))  # noqa: S704 (no text of a run is in it)
        for text in (vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"), ours)
    )


def digest(text: str) -> str:
    """The SHA-256 by which a page's policy allows an element of exactly this content."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@dataclass(frozen=True)
class PackedFile:
    """A file inside the page."""

    content: str
    """Packed with gzip, in base 64."""
    columns: Mapping[str, str]
    """Its columns by which a control of the page chooses -> that control."""


def packed(files: Iterable[WrittenFile], folder: Path) -> dict[str, PackedFile]:
    """The tables that the page can hold, by their path: the smallest first, and none with a row per user."""
    found, room = {}, _MOST_BYTES
    tables = [file.path for file in files if file.path.endswith(".csv") and not file.has_ids]
    for path in sorted(tables, key=lambda path: ((folder / path).stat().st_size, path)):
        content = (folder / path).read_bytes()
        text = base64.b64encode(gzip.compress(content, mtime=0)).decode()
        room -= len(text)
        if room < 0:
            break
        header = next(csv.reader([content.partition(b"\n")[0].decode()]), [])
        found[path] = PackedFile(text, {column: FACETS[column] for column in header if column in FACETS})
    return found
