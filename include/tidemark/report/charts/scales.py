"""How axes write numbers and dates, so that they agree with the words and tables beside them."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

import altair as alt

from include.tidemark.currency import Currency
from include.tidemark.report import words

Format = Literal["percent", "number"] | Currency
"""What a number is; an amount is one of its currency."""

_MILLION = 1e6


def write(value: float | None, form: Format) -> str:
    """A number in the words of the report."""
    if form == "percent":
        return words.percent(value)
    return words.money(value, form) if isinstance(form, Currency) else words.number(value)


def write_with_interval(value: float | None, low: float | None, high: float | None, form: Format) -> str:
    """A number and, where there is one, its interval in the words of the report."""
    if low is None or high is None:
        return write(value, form)
    return f"{write(value, form)} ({write(low, form)} to {write(high, form)})"


def number_axis(form: Format, ends: Sequence[float], **settings: Any) -> Any:
    """A numeric axis whose labels have no more digits than its range needs."""
    span = max(ends, default=0.0) - min(ends, default=0.0)
    top = max((abs(end) for end in ends), default=0.0)
    if form == "percent":
        return alt.Axis(format=".0%" if span >= 0.03 else ".1%", **settings)
    if isinstance(form, Currency):
        return _money_axis(form, span, top, settings)
    if top >= _MILLION:
        return alt.Axis(labelExpr=_shortened(".3~s"), **settings)
    return alt.Axis(format=",.4~", **settings)


def _money_axis(currency: Currency, span: float, top: float, settings: dict[str, Any]) -> Any:
    form = f"$,.{0 if span >= 4 else currency.decimals}f"
    if currency.prefix == "$":
        if top >= _MILLION:
            return alt.Axis(labelExpr=_shortened("$.3~s"), **settings)
        return alt.Axis(format=form, **settings)
    written = _shortened("$.3~s") if top >= _MILLION else f"format(datum.value, '{form}')"
    # Vega's expressions take a dollar of what is put in for a reference to what was found, unless it is
    # doubled.
    prefix = json.dumps(currency.prefix.replace("$", "$$"))
    if currency.decimals == 0:
        settings = {"tickMinStep": 1} | settings
    return alt.Axis(labelExpr=f"replace({written}, '$', {prefix})", **settings)


def _shortened(form: str) -> str:
    """Vega's expression for a number with the units that the words use."""
    return f"replace(replace(format(datum.value, '{form}'), 'G', 'B'), 'k', 'K')"


def name_axis(names: Sequence[str], **settings: Any) -> Any:
    """An axis of names with room for the longest in any of the fonts that the style sheet names."""
    longest = max((len(name) for name in names), default=0)
    return alt.Axis(
        ticks=False, domain=False, labelLimit=190, minExtent=min(longest * 7.2 + 12, 190), **settings
    )


def known(points: Sequence[Any]) -> list[float]:
    """Every value and end of an interval that is not None."""
    return [float(end) for point in points for end in (point.value, point.low, point.high) if end is not None]


def place(x: float | date) -> float | str:
    """A place of the horizontal axis as data: dates as ISO text, which are read as UTC midnights wherever it
    is drawn."""
    return x.isoformat() if isinstance(x, date) else float(x)


def place_in_words(x: float | date) -> str:
    """A place of the horizontal axis in words."""
    return words.day(x) if isinstance(x, date) else words.number(x)
