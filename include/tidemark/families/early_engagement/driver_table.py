"""The selection of drivers by an impact threshold, from published rows: no warehouse, no new estimate."""

from collections.abc import Iterable, Mapping
from typing import Any

FEATURE, ODDS_RATIO = "Feature", "Odds Ratio"


def driver_table(
    rows: Iterable[Mapping[str, Any]],
    impact_threshold: float,
    *,
    both_directions: bool = False,
    only_certain: bool = True,
) -> list[dict[str, Any]]:
    """The features whose odds ratio is at least the threshold, the highest first.

    Args:
        rows: long rows of this family, of the warehouse or of `data/statistics.csv`, where a null is an empty
            text.
        impact_threshold: 1.2 keeps features that go with 20 % more odds of staying for each unit.
        both_directions: also those at most one over the threshold, which go with leaving.
        only_certain: leave out what may be chance (adjusted p-value above one minus the confidence level, or
            no discovery of the report) and what too few users carry (unreliable). False gives the selection
            by the estimate alone.

    Returns:
        Records with the keys `Feature` and `Odds Ratio`.

    Raises:
        ValueError: for a threshold below 1.

    >>> row = {"metric": "odds_ratio", "confidence_level": "0.95", "trust": "ok", "p_adjusted": "0.001"}
    >>> driver_table([row | {"segment": "has_save_f7d", "estimate": "1.9"}], 1.3)
    [{'Feature': 'has_save_f7d', 'Odds Ratio': 1.9}]
    """
    if not impact_threshold >= 1:
        raise ValueError(f"impact_threshold must be at least 1, got {impact_threshold!r}.")
    chosen = []
    for row in rows:
        estimate = _number(row["estimate"])
        if row["metric"] != "odds_ratio" or estimate is None:
            continue
        is_far = estimate >= impact_threshold or (both_directions and estimate <= 1 / impact_threshold)
        if is_far and (_is_certain(row) or not only_certain):
            chosen.append({FEATURE: str(row["segment"]), ODDS_RATIO: estimate})
    return sorted(chosen, key=lambda record: (-record[ODDS_RATIO], record[FEATURE]))


def driver_text(table: Iterable[Mapping[str, Any]]) -> str:
    """The table as text: two columns, flush right, six decimals.

    >>> print(driver_text([{"Feature": "has_save_f7d", "Odds Ratio": 1.9}]))
         Feature Odds Ratio
    has_save_f7d   1.900000
    """
    lines = [(FEATURE, ODDS_RATIO), *((row[FEATURE], f"{row[ODDS_RATIO]:.6f}") for row in table)]
    widths = [max(len(line[place]) for line in lines) for place in (0, 1)]
    return "\n".join(f"{name:>{widths[0]}} {value:>{widths[1]}}" for name, value in lines)


def _is_certain(row: Mapping[str, Any]) -> bool:
    p_adjusted, level = _number(row["p_adjusted"]), _number(row["confidence_level"])
    if p_adjusted is None or level is None or row["trust"] == "unreliable":
        return False
    # A month that was published before the column was says nothing about it.
    if row.get("is_discovery") in (False, "false"):
        return False
    # 1 - 0.95 is a little more than 0.05 in floating point, as it is where the impactful features are chosen.
    return p_adjusted <= 1 - level


def _number(value: Any) -> float | None:
    return None if value is None or value == "" else float(value)
