"""How many users reach each stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
from markupsafe import Markup

from include.tidemark.report import words
from include.tidemark.report.charts.drawing import ROW_TOLD, WIDE, data, drawn, sized, told
from include.tidemark.report.charts.palette import CATEGORICAL, INK, RULE, SOFT
from include.tidemark.report.charts.scales import write_with_interval

_ROW = 54


@dataclass(frozen=True)
class Stage:
    """One stage of a funnel. Shares are between 0 and 1; None where there is no number."""

    label: str
    reached: int
    share: float | None
    """Of those who could reach the first stage."""
    low: float | None = None
    high: float | None = None
    conversion: float | None = None
    """Of those who reached the stage before; None for the first stage."""
    note: str = ""
    """Told where a pointer rests on the stage: how its interval was made, and how far to trust it."""
    weak: bool = False
    """Whether the share is to be read with caution or not at all: its interval is dashed."""


def funnel_bars(
    stages: Sequence[Stage],
    description: str,
    *,
    colour: str = CATEGORICAL[0],
    users: str = "users",
    width: int = WIDE,
) -> Markup:
    """One bar a stage, as long as its share, with the interval over its end, and the numbers above it.

    Args:
        users: what the counted are called.
    """
    rows = [_row(stage, users) for stage in stages]

    def at(wide: int) -> Any:
        return sized(_chart(rows, colour), wide, _ROW * max(len(stages), 1))

    return Markup('<div class="chart">{}</div>').format(drawn(at, description, width))


def _row(stage: Stage, users: str) -> dict[str, Any]:
    share = write_with_interval(stage.share, stage.low, stage.high, "percent")
    step = "" if stage.conversion is None else f"{words.percent(stage.conversion)} of the stage before"
    return {
        "label": stage.label,
        "share": stage.share,
        "low": stage.low,
        "high": stage.high,
        "one": 1.0,
        "weak": stage.weak,
        "numbers": f"{words.count(stage.reached)} {users}, {words.percent(stage.share)}",
        "told": told(stage.label, f"{words.count(stage.reached)} {users}", share, step, stage.note),
    }


def _chart(rows: list[dict[str, Any]], colour: str) -> Any:
    scale = alt.Scale(domain=[0, 1], nice=False)

    def along(field: str) -> alt.X:
        return alt.X(field, scale=scale, axis=None)

    y = alt.Y("label:O", sort=[row["label"] for row in rows], scale=alt.Scale(padding=0), axis=None)
    base = alt.Chart(data(rows))
    text: dict[str, Any] = {"baseline": "middle", "fontSize": 12, "dy": -14}
    return alt.layer(
        base.mark_bar(size=14, yOffset=8, fill=RULE, opacity=0.6).encode(x=along("one:Q"), y=y),
        base.mark_bar(size=14, yOffset=8, color=colour).encode(x=along("share:Q"), y=y, description=ROW_TOLD),
        *(
            base.transform_filter("datum.weak" if weak else "!datum.weak")
            .mark_rule(strokeWidth=2, yOffset=8, stroke=INK, strokeDash=[4, 3] if weak else [1, 0])
            .encode(x=along("low:Q"), x2=alt.X2("high:Q"), y=y)
            for weak in sorted({row["weak"] for row in rows})
        ),
        base.mark_text(align="left", fontWeight=600, fill=INK, **text).encode(
            x=alt.value(0), y=y, text=alt.Text("label:N")
        ),
        base.mark_text(align="right", fill=SOFT, **text).encode(
            x=alt.value("width"), y=y, text=alt.Text("numbers:N")
        ),
    )
