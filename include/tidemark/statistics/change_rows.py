"""The change of published numbers between two months, as rows: with interval, p-value, trust, and what could
have been seen."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from include.tidemark.statistics.change import Change, Kind, Month
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.measured import Measured
from include.tidemark.statistics.multiplicity import adjusted
from include.tidemark.statistics.results import REASONS, TRUST_LEVELS, round_significant
from include.tidemark.statistics.trust import Flag, Sample, Tail, flag, flag_of_counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

METHOD = "paired_users"
POWER = 0.8

_ROUNDED = (
    "estimate", "earlier_estimate", "change", "ci_low", "ci_high", "confidence_level", "p_value", "p_adjusted",
    "detectable_change", "margin", "rules_effect",
)  # fmt: skip


@dataclass(frozen=True)
class ChangeRow:
    """The change of one published number.

    Attributes:
        metric: the number, as `ResultRow` calls it.
        kind: what it is, which says what the margin is a percentage of.
        comparison: ``previous``, ``year_before``, the same with ``_same_rules``, or ``trend``; see
            docs/methods.md.
        segment: the group; null means all.
        horizon: the window, where the number has one.
        estimate: the number now.
        earlier_estimate: the number in the earlier month.
        change: now minus then, of a trend the slope per month; null only with a reason.
        ci_low: lower end of the change's interval.
        ci_high: upper end.
        confidence_level: of the interval.
        p_value: of the hypothesis that nothing changed.
        p_adjusted: the same, adjusted within the comparison's family.
        family_size: p-values in that family.
        detectable_change: the smallest true change that this month would have shown with 80 % power.
        margin: what counts as no change, in the number's own unit.
        no_change: whether the interval lies within the margin; null where there is no interval.
        n: users behind the number now.
        n_earlier: users behind it then.
        n_both: of these, who are behind it in both months.
        n_joined: who are behind it now only.
        n_left: who were behind it then only.
        method: how the interval was made.
        trust: how far the interval can be relied on.
        reason: why something is null, or why ``trust`` is not ``ok``; one of `REASONS`.
        months: of a trend, how many months it is over.
        rules_effect: of a comparison under the same rules, the earlier number under them minus the one that
            was published.
        segment_to: of a difference, the segment whose number is subtracted.

    Raises:
        ValueError: for a null or a warning without a reason, an interval without a flag, an unknown reason,
            or reversed ends.
    """

    metric: str
    kind: Kind
    comparison: str
    segment: str | None = None
    horizon: str | None = None
    estimate: float | None = None
    earlier_estimate: float | None = None
    change: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    confidence_level: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    family_size: int | None = None
    detectable_change: float | None = None
    margin: float | None = None
    no_change: bool | None = None
    n: int | None = None
    n_earlier: int | None = None
    n_both: int | None = None
    n_joined: int | None = None
    n_left: int | None = None
    method: str = METHOD
    trust: str | None = None
    reason: str | None = None
    months: int | None = None
    rules_effect: float | None = None
    segment_to: str | None = None

    def __post_init__(self) -> None:
        for name in _ROUNDED:
            object.__setattr__(self, name, round_significant(getattr(self, name)))
        where = f"the change of {self.metric!r} (segment {self.segment!r}, {self.comparison})"
        if self.reason is not None and self.reason not in REASONS:
            raise ValueError(f"the reason {self.reason!r} of {where} is unknown.")
        if (self.ci_low is None or self.trust not in (None, "ok")) and self.reason is None:
            raise ValueError(f"a reason is missing for the null or the flag of {where}.")
        if (self.ci_low is None) != (self.ci_high is None) or (self.ci_low is None) != (self.trust is None):
            raise ValueError(f"both ends and the flag of the interval stand together; not in {where}.")
        if self.trust is not None and self.trust not in TRUST_LEVELS:
            raise ValueError(f"the flag {self.trust!r} of {where} is unknown.")
        if self.ci_low is not None and self.ci_high is not None and self.ci_low > self.ci_high:
            raise ValueError(f"ci_low is above ci_high in {where}.")


CHANGE_COLUMNS = tuple(field.name for field in fields(ChangeRow))


def rows_of(
    measured: Iterable[Measured],
    config: StatisticsConfig,
    comparison: str,
    margin_pct: float,
    *,
    has_earlier: bool,
    method: str = METHOD,
    absent: str = "no_earlier_publication",
) -> list[ChangeRow]:
    """The rows of changes, adjusted together; without an earlier month each says the reason ``absent``."""
    rows = []
    for metric, kind, segment, change, reference, segment_to in measured:
        known = ChangeRow(
            metric,
            kind,
            comparison,
            segment,
            confidence_level=config.confidence_level,
            method=method,
            reason=absent,
            segment_to=segment_to,
        )
        rows.append(change_row(known, change, config, margin_pct, reference) if has_earlier else known)
    return adjusted_rows(rows)


def adjusted_rows(rows: Sequence[ChangeRow]) -> list[ChangeRow]:
    """The rows with ``p_adjusted`` and ``family_size``, adjusted within each comparison for the false
    discovery rate.

    Differences between groups say again what the groups' own numbers say, so they are a family by themselves.
    """
    families = [
        (row.comparison, row.segment_to is None and not row.metric.endswith("_vs_rest")) for row in rows
    ]
    found = adjusted([row.p_value for row in rows], families)
    return [
        replace(row, p_adjusted=of[0], family_size=of[1]) if of else row
        for row, of in zip(rows, found, strict=True)
    ]


def change_row(
    known: ChangeRow, change: Change, config: StatisticsConfig, margin_pct: float, reference: Tail | None
) -> ChangeRow:
    """The row of one change.

    Args:
        known: the row's metric, kind, comparison and segment.
        change: what was found.
        config: the run's settings.
        margin_pct: as of `segment_changes`.
        reference: the tail of all users' influence, which shows whether these users lack rare large amounts
            by chance.
    """
    then, today, spans = change.earlier, change.now, len(change.months) - 1
    row = replace(
        known,
        months=spans + 1 if change.between else None,
        estimate=today.value,
        earlier_estimate=then.value,
        n=today.n,
        n_earlier=then.n,
        n_both=change.behind.both,
        n_joined=change.behind.joined,
        n_left=change.behind.left,
    )
    kind: Kind = "mean" if change.parts and known.kind == "ratio" else known.kind
    published = change.parts or change.months
    reason = next(filter(None, (_withheld(kind, month, config) for month in published)), None)
    error, value = change.standard_error, change.value
    if reason or error is None or value is None or change.tail is None:
        return replace(row, reason=reason or "zero_denominator")
    if error == 0:
        return replace(row, change=value, reason="no_variation")
    degrees = change.degrees
    half = _quantile(config.confidence_level, degrees) * error
    trust, reason = _flag(known, change, reference)
    sizes = [abs(month.value or 0) for month in change.parts or (then,)]
    whole = 1 if known.kind in ("share", "ratio") else max(sizes)
    # A number whose line stays within the margin from the first month to the last has not changed.
    margin = margin_pct / 100 * whole / spans
    low, high = value - half, value + half
    return replace(
        row,
        change=value,
        ci_low=low,
        ci_high=high,
        p_value=_p_value(value / error, degrees),
        detectable_change=half + NormalDist().inv_cdf(POWER) * error,
        margin=margin,
        no_change=-margin <= low and high <= margin,
        trust=trust,
        reason=reason,
    )


def _withheld(kind: Kind, month: Month, config: StatisticsConfig) -> str | None:
    """Why a month's number has no change: what a month would not publish is compared with nothing."""
    if kind in ("count", "sum"):
        return None
    if kind in ("share", "ratio"):
        return "zero_denominator" if month.n == 0 else None
    if month.n == 0:
        return "empty_segment"
    if month.n < config.minimum_sample_size:
        return "too_few_users"
    if month.nonzero < config.minimum_nonzero_users:
        return "too_few_nonzero_users"
    return "low_effective_n" if month.effective_n < config.minimum_effective_users else None


def _flag(known: ChangeRow, change: Change, reference: Tail | None) -> Flag:
    own = change.tail or Tail(0, 0.0, 0.0)
    if known.kind in ("share", "count"):
        return flag_of_counts(own, *change.moved)
    return flag(known.method, Sample(own, reference))


def without_change(row: ChangeRow, reason: str) -> ChangeRow:
    """The row of the same change where there is none: what it is about stays."""
    return ChangeRow(
        row.metric,
        row.kind,
        row.comparison,
        row.segment,
        row.horizon,
        confidence_level=row.confidence_level,
        method=row.method,
        reason=reason,
        segment_to=row.segment_to,
    )


@cache
def _quantile(level: float, degrees: int) -> float:
    # scipy.stats takes half a second to import, which only the tasks that compare should pay.
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + level) / 2))


def _p_value(t: float, degrees: int) -> float:
    from scipy.special import stdtr

    return float(min(1.0, 2 * stdtr(degrees, -abs(t))))


def change_records(rows: Iterable[ChangeRow], known: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows as dictionaries, each with what is ``known`` of all of them first."""
    return [{**known, **{name: getattr(row, name) for name in CHANGE_COLUMNS}} for row in rows]
