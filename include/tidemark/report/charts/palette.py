"""The colours of every chart, in one place.

`CATEGORICAL` serves light and dark alike: each colour has a contrast of 3:1 or more with both grounds, and
any two can be told apart with the usual deficiencies of colour vision (simulated after Machado, Oliveira and
Fernandes 2009). `SEQUENTIAL` runs in even steps of lightness and through the hues, so that neighbours tell
apart; it needs one row for each ground: the drawing names a step, and the style sheet colours it. Both rows
are the best of a search over lightness, hue and chroma in OKLCH (B. Ottosson, 2020) for the least distance
between neighbours with the usual and the two dichromats' vision.
"""

from collections.abc import Iterable

CATEGORICAL = ("#0072B2", "#D55E00", "#00946B", "#A8509A", "#75808C", "#0096E1", "#B44B2D", "#964BE1")

SEQUENTIAL = ("#6D9D2D", "#00925A", "#067970", "#036373", "#004C75", "#1C2A84", "#340167", "#300034")
"""From least to most, as a light ground shows it; these are also the names by which a drawing asks for a
step."""
SEQUENTIAL_ON_DARK = ("#2B7440", "#188B69", "#0FA092", "#2CB3BB", "#53C4E3", "#8BD3FE", "#C9E2FF", "#F1F5FF")

GROUND, RULE, SOFT, INK = "#0E0E00", "#0E0E01", "#0E0E02", "#0E0E03"
"""Names of the page's own colours inside a drawing; the style sheet says what they look like."""
_HEAT = (0.08, 0.18, 0.28, 0.39, 0.49, 0.59, 0.69, 0.8, 0.9, 1)
_FULL_PCT = (68, 50)
"""How strong the fullest shade is on a light and on a dark ground: the text in it stays readable."""
SHADES = tuple(f"#0E0F0{step}" for step in range(10))
"""Names of ten shades from nearly nothing to full, for the cells of a heat map."""

THEMED = {
    GROUND: "ground",
    RULE: "rule",
    SOFT: "soft",
    INK: "ink",
    **{colour: f"step-{number}" for number, colour in enumerate(SEQUENTIAL)},
    **{colour: f"shade-{number}" for number, colour in enumerate(SHADES)},
}
"""Colours that depend on the ground: the name in a drawing -> the end of the class `fill-...` or
`line-...`."""


def categorical(names: Iterable[str]) -> dict[str, str]:
    """A colour for each name, by its place in the list.

    Raises:
        ValueError: there are more names than colours that can be told apart.

    >>> categorical(["planner", "passenger"])
    {'planner': '#0072B2', 'passenger': '#D55E00'}
    """
    listed = list(names)
    if len(listed) > len(CATEGORICAL):
        raise ValueError(f"names holds {len(listed)} entries; at most {len(CATEGORICAL)} can be told apart.")
    return dict(zip(listed, CATEGORICAL, strict=False))


def sequential(tiers: Iterable[float]) -> dict[float, str]:
    """A colour for each tier, the stronger the higher, spread over the whole range.

    Give it all tiers of the report, also those that a chart leaves out, so that a tier looks the same in
    every chart.

    >>> list(sequential([25, 5, 10, 5]))
    [5, 10, 25]
    >>> sequential([5, 25]) == {5: SEQUENTIAL[0], 25: SEQUENTIAL[7]}
    True
    """
    ordered = sorted(set(tiers))
    last, steps = len(ordered) - 1, len(SEQUENTIAL) - 1
    return {
        tier: SEQUENTIAL[round(place * steps / last) if last else steps // 2]
        for place, tier in enumerate(ordered)
    }


def themed_css() -> str:
    """The rules that colour what depends on the ground: the steps of `SEQUENTIAL`, the shades, and the page's
    own colours."""
    steps = " ".join(
        f"--step-{number}: light-dark({light}, {dark});"
        for number, (light, dark) in enumerate(zip(SEQUENTIAL, SEQUENTIAL_ON_DARK, strict=True))
    )
    shades = " ".join(
        f"--shade-{number}: light-dark({', '.join(_mixed(full * part) for full in _FULL_PCT)});"
        for number, part in enumerate(_HEAT)
    )
    rules = "\n".join(
        f".fill-{name}, .drawing text.fill-{name} {{ fill: var(--{name}); }} .line-{name} {{ stroke: var(--{name}); }}"
        for name in THEMED.values()
    )
    return f":root {{ {steps} {shades} }}\n{rules}\n"


def _mixed(percent: float) -> str:
    return f"color-mix(in srgb, var(--heat) {percent:.4g}%, transparent)"
