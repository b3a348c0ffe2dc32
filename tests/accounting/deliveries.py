"""Deliveries of a second month, drawn by hypothesis: a few are sound though written in many ways, the others
damaged once."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from hypothesis import strategies as st

from tests.accounting.changes import DOUBTFUL, HARMLESS, MONTH_ONE, MONTH_TWO, STOPPED, Hits, must_stop
from tests.accounting.files import DAMAGED, SOUND, Files, Written
from tests.accounting.forms import OTHER, OTHER_TYPES, kind_of
from tests.accounting.truth import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Verdict = Literal["published", "stopped", "either"]


@dataclass(frozen=True)
class Delivery:
    """What lands, what it says, and what must come of it."""

    what: str
    damaged: bool
    verdict: Verdict
    rows: Rows
    """What is delivered, word for word; of no meaning where the month must be stopped."""
    files: Files
    sources: dict[str, Any] = field(default_factory=dict)
    """Content of `sources.yml`."""


_TABLES = ("users", "transactions")
_UNDAMAGED = ("sound", "harmless")
_LAYERS = (*_UNDAMAGED, *4 * ("doubtful",), "compared", "text", "text", "type", "file")
"""What is drawn: of half of it the files show nothing wrong."""
_AS_LAST_MONTH = 3
"""Of that many deliveries of the same users all but one have the file of last month, which is then not read
again."""
_hits = st.builds(Hits, st.integers(0, 60), st.sampled_from([1, 2, 3, 7, 20, 400]))


@st.composite
def deliveries(draw: st.DrawFn) -> Delivery:
    """A delivery of both tables."""
    layer, table = draw(st.sampled_from(_LAYERS)), draw(st.sampled_from(_TABLES))
    rows, what = MONTH_TWO, layer
    verdict: Verdict = "published"
    changes = {"harmless": HARMLESS, "doubtful": DOUBTFUL, "compared": STOPPED}.get(layer)
    if changes:
        what = draw(st.sampled_from(sorted(changes)))
        rows = changes[what](MONTH_TWO, draw(_hits))
        verdict = "either" if layer == "doubtful" else "stopped" if layer == "compared" else verdict
    if must_stop(rows):
        verdict = "stopped"
    written = {name: Written(name, getattr(rows, name), draw(st.integers(0, 50))) for name in _TABLES}
    writers = {name: SOUND[draw(st.sampled_from(sorted(SOUND)))] for name in _TABLES}
    if layer == "file":
        what, verdict = draw(st.sampled_from(sorted(DAMAGED))), "stopped"
        writers[table] = DAMAGED[what]
    elif layer in ("text", "type"):
        verdict = "stopped"
        forms: Mapping[str, Sequence[Any]] = OTHER if layer == "text" else OTHER_TYPES
        column = draw(st.sampled_from([name for name in written[table].columns if kind_of(name) in forms]))
        number = draw(st.integers(0, len(forms[kind_of(column)]) - 1))
        form, what = forms[kind_of(column)][number], f"{layer} {number} in {column}"
        if layer == "text":
            written[table] = replace(written[table], texts={column: (form, draw(_hits).hit)})
        else:
            written[table] = replace(written[table], types={column: form})
            typed = [name for name in sorted(SOUND) if "Parquet" in name or "Spark" in name]
            writers[table] = SOUND[draw(st.sampled_from(typed))]
    if table != "users" and rows.users == MONTH_ONE.users and draw(st.integers(1, _AS_LAST_MONTH)) > 1:
        written["users"], writers["users"] = Written("users", rows.users, 0), SOUND["CSV"]
    landed = {name: writers[name](written[name]) for name in _TABLES}
    sources = {name: landing.source for name, landing in landed.items() if landing.source}
    files = {name: content for landing in landed.values() for name, content in landing.files.items()}
    return Delivery(what, layer not in _UNDAMAGED, verdict, rows, files, sources)
