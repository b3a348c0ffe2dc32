"""The one shape of a published number: a long row, rounded once, never NaN, null only with a reason."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SIGNIFICANT_DIGITS = 12

_OF_NULLS: Mapping[str, str] = {
    "too_few_users": "Fewer users than the minimum sample size.",
    "too_few_nonzero_users": "Too few users with an amount other than zero.",
    "low_effective_n": "A handful of users holds nearly all of the sum.",
    "no_variation": "Every user (or period) says the same, so the data say nothing about its uncertainty.",
    "zero_denominator": "There is nothing to divide by.",
    "not_positive": "The ratio is not above zero, so it has no logarithm.",
    "window_not_complete": "The window ends after the as-of date.",
    "no_earlier_publication": "No earlier publication exists to compare with.",
    "empty_segment": "The segment holds nobody.",
    "unbounded_interval": "The data put no bound on one end of the interval.",
    "collinear": "Some features say the same, so their effects can't be told apart.",
    "separation": "A feature separates the outcomes, so its effect has no finite estimate by this method.",
    "too_few_clusters": "Too few periods to say how much they differ by chance.",
    "too_few_periods": "Too few periods for this number; more months will bring it.",
    "too_few_months": "Too few published months in a row for a trend.",
    "one_fee_level": "The segment saw one fee only, so nothing can be said about another.",
    "burn_in": "In the first days of the data everybody who is there is new, so these users are compared with no others.",
    "sparse": "Fewer than ten users are in one of the four cells of feature and outcome.",
    "not_impactful": "The odds ratio is nearer to 1 than the threshold, or may be chance.",
    "descriptive": "It describes these data; it is no estimate of anything beyond them.",
    "no_transactions": "There are no transactions, so nothing is known of revenue.",
    "nobody_alike": "Too few other users did as much before to compare with.",
    "same_users": "The same users with the same windows are behind it in both months, so only data that come late could change it.",
    "not_paired": "Two months share most of the data behind it, and it has no formula for how far it then differs by chance.",
    "moved_by_others": "Only the others that it is held against have changed: by how much, the number of all together says.",
    "rows_missing": "The earlier run's rows are gone, or of a release that did not keep what is compared, so the months are not comparable.",
    "not_finite": "The arithmetic left the range of floating-point numbers.",
}
_OF_FLAGS: Mapping[str, str] = {
    "skewed": "The amounts are so skewed, for so few users, that the interval misses the true value more often than it says.",
    "no_reference": "No group is large enough to show whether these users lack rare large amounts by chance.",
    "imprecise": "The interval is so wide against the number that its method is not exact.",
    "unsteady": "The drawn interval is not what its exact check gives.",
    "few_users": "So few users that the interval may miss the true value more often than it says.",
    "few_successes": "So few users with the outcome, or without it, that the interval may miss the true value more often than it says.",
    "few_movers": "So few users came, went or moved between the months that the interval may miss the true value more often than it says.",
    "few_periods": "So few periods that the interval may miss the true value more often than it says.",
    "few_spells": "The fee changed so few times that weeks which are alike for another reason look like its effect.",
    "autocorrelated": "Weeks or days that follow each other are alike beyond chance, so what lasts longer than one of them looks like a change.",
    "heavy_tails": "Some values lie so far out that least squares may mislead.",
    "far_residuals": "The few farthest residuals decide this number, so its interval may miss the true value more often than it says.",
    "one_period_decides": "Without a single period the effect would have the other sign.",
    "clustered_error": "The clustered error is too small with so few periods; read the jackknife's row.",
    "inflated": "The feature says nearly the same as others, so its own effect is uncertain.",
    "penalized": "A penalized fit stands in for maximum likelihood, which these data don't bear.",
    "shared_users": "Each part of the users is predicted by models that share most of theirs, which the interval leaves out.",
    "low_score": "The score is below its threshold. It describes these data; it is no estimate of anything beyond them.",
}
REASONS: Mapping[str, str] = {**_OF_NULLS, **_OF_FLAGS}
"""Reason code -> the sentence that a report may show: why something is null, or why the flag is not
``ok``."""

TRUST_LEVELS = ("ok", "caution", "unreliable")

COLUMNS = (
    "as_of_date",
    "run_key",
    "family",
    "metric",
    "segment",
    "segment_to",
    "horizon",
    "estimate",
    "ci_low",
    "ci_high",
    "confidence_level",
    "n",
    "method",
    "n_resamples",
    "seed",
    "p_value",
    "p_adjusted",
    "family_size",
    "is_mature",
    "trust",
    "reason",
    "is_primary",
    "comparison_family",
    "is_discovery",
)
"""The columns of a long result, in order. The first three name the run and are added by the caller, the last
by the publication."""

_NUMBERS = ("estimate", "ci_low", "ci_high", "confidence_level", "p_value", "p_adjusted")
_WHOLE_NUMBERS = ("n", "n_resamples", "family_size")


@dataclass(frozen=True)
class ResultRow:
    """One published number with its interval and everything that is needed to recompute or to doubt it.

    Attributes:
        metric: what was estimated, for example ``segment_share``.
        estimate: the point estimate; null only together with a ``reason``.
        method: the estimator of the interval, for example ``wilson``.
        segment: the group; null means all users.
        segment_to: the second group of a pair, else null.
        horizon: the window, for example ``90d``, else null.
        ci_low: lower end of the interval; null only together with a ``reason``.
        ci_high: upper end of the interval; null only together with a ``reason``.
        confidence_level: nominal coverage of the interval.
        n: users behind the number (for a share: its denominator).
        n_resamples: bootstrap replicates, null for closed forms.
        seed: the random stream's key in hexadecimal, null for closed forms.
        p_value: unadjusted p-value, if a hypothesis was tested.
        p_adjusted: the same, adjusted within its declared family.
        family_size: comparisons in that family.
        is_mature: false when the window was not over at the as-of date; then the estimate is null.
        trust: ``ok``, ``caution`` or ``unreliable``; null where there is no interval.
        reason: why something is null, or why ``trust`` is not ``ok``; one of `REASONS`.
        is_primary: whether this is the method that the number is to be read by where several give it. The
            function that makes the rows says so, whatever the data are.
        comparison_family: name of the family that ``p_adjusted`` was adjusted in, unique within the family of
            models.

    Numbers are rounded to 12 significant digits here and nowhere else: the digits beyond depend on the
    machine's mathematics library. A number that is not finite becomes null with a reason.

    Raises:
        ValueError: for a null or a warning without a reason, an interval without a flag, an unknown reason or
            trust level, or ends in the wrong order.

    >>> ResultRow("segment_share", 1 / 3, "wilson", ci_low=0.2, ci_high=0.5, n=60, trust="ok").estimate
    0.333333333333
    >>> row = ResultRow("mean_spend_90d", float("nan"), "percentile_bootstrap", n=0)
    >>> row.estimate, row.reason
    (None, 'not_finite')
    """

    metric: str
    estimate: float | None
    method: str
    segment: str | None = None
    segment_to: str | None = None
    horizon: str | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    confidence_level: float | None = None
    n: int | None = None
    n_resamples: int | None = None
    seed: str | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    family_size: int | None = None
    is_mature: bool = True
    trust: str | None = None
    reason: str | None = None
    is_primary: bool = True
    comparison_family: str | None = None

    def __post_init__(self) -> None:
        self._replace_what_is_not_finite()
        for name in _NUMBERS:
            self._set(name, round_significant(getattr(self, name)))
        for name in _WHOLE_NUMBERS:
            value = getattr(self, name)
            self._set(name, None if value is None else int(value))
        self._set("is_mature", bool(self.is_mature))
        self._check()

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _replace_what_is_not_finite(self) -> None:
        if _not_finite(self.estimate):
            for name in ("estimate", "ci_low", "ci_high", "trust"):
                self._set(name, None)
            self._set("reason", "not_finite" if self.reason in _OF_FLAGS else self.reason or "not_finite")
        for name, reason in (("ci_low", "unbounded_interval"), ("ci_high", "unbounded_interval")):
            if _not_finite(getattr(self, name)):
                self._set(name, None)
                self._set("reason", reason if self.reason in _OF_FLAGS else self.reason or reason)
        for name in ("p_value", "p_adjusted"):
            if _not_finite(getattr(self, name)):
                self._set(name, None)

    def _check(self) -> None:
        where = f"{self.metric} of segment {self.segment!r} by {self.method}"
        if self.reason is not None and self.reason not in REASONS:
            raise ValueError(f"reason must be one of {sorted(REASONS)}, got {self.reason!r} for {where}.")
        if self.trust is not None and self.trust not in TRUST_LEVELS:
            raise ValueError(f"trust must be one of {TRUST_LEVELS}, got {self.trust!r} for {where}.")
        if None in (self.estimate, self.ci_low, self.ci_high) and self.reason is None:
            raise ValueError(f"reason is missing for a null in {where}.")
        if self.trust in TRUST_LEVELS[1:] and self.reason is None:
            raise ValueError(f"reason is missing for the flag {self.trust!r} of {where}.")
        if not self.is_mature and self.estimate is not None:
            raise ValueError(f"estimate must be null while the window is not over: {where}.")
        if self.ci_low is not None and self.ci_high is not None and self.ci_low > self.ci_high:
            raise ValueError(f"ci_low {self.ci_low!r} is above ci_high {self.ci_high!r} for {where}.")
        if self.trust is None and self.ci_low is not None and self.ci_high is not None:
            raise ValueError(f"trust is missing for the interval of {where}.")


def null_row(metric: str, method: str, reason: str, **known: Any) -> ResultRow:
    """A row whose estimate could not be made. ``known`` holds what is known all the same (segment, n, ...).

    >>> null_row("movement", "wilson", "empty_segment", segment="Declining", n=0).estimate is None
    True
    """
    return ResultRow(metric, None, method, reason=reason, **known)


def without_number(row: ResultRow, reason: str) -> ResultRow:
    """The row of the same number where there is none: what it is about stays.

    >>> row = ResultRow("mean", 2.0, "hall_skew_t", segment="A", n=40, ci_low=1.0, ci_high=3.0, trust="ok")
    >>> found = without_number(row, "no_transactions")
    >>> found.segment, found.estimate, found.n
    ('A', None, None)
    """
    return null_row(
        row.metric,
        row.method,
        reason,
        segment=row.segment,
        segment_to=row.segment_to,
        horizon=row.horizon,
        confidence_level=row.confidence_level,
        is_mature=row.is_mature,
        is_primary=row.is_primary,
    )


def round_significant(value: float | None) -> float | None:
    """``value`` with 12 significant digits; null stays null, minus zero becomes zero.

    >>> round_significant(1234.56789012345)
    1234.56789012
    >>> round_significant(-0.0)
    0.0
    """
    if value is None:
        return None
    return float(f"{float(value):.{SIGNIFICANT_DIGITS}g}") + 0.0


def to_records(
    rows: Iterable[ResultRow], *, as_of_date: str, run_key: str, family: str
) -> list[dict[str, Any]]:
    """The rows as dictionaries with exactly the keys of `COLUMNS`, in that order, ready to be inserted.

    >>> rows = [null_row("movement", "wilson", "empty_segment")]
    >>> to_records(rows, as_of_date="2026-11-01", run_key="r1", family="customer_segments")[0]["reason"]
    'empty_segment'
    """
    names = [field.name for field in fields(ResultRow)]
    # Which comparisons are discoveries is known when the rows of all questions are together.
    run = {"as_of_date": as_of_date, "run_key": run_key, "family": family, "is_discovery": None}
    records = ({**run, **{name: getattr(row, name) for name in names}} for row in rows)
    return [{column: record[column] for column in COLUMNS} for record in records]


@cache
def result_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one long row, as shipped in ``result.schema.json``.

    >>> result_schema()["title"]
    'Tidemark statistic'
    """
    text = resources.files(__package__).joinpath("result.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _not_finite(value: float | None) -> bool:
    return value is not None and not math.isfinite(value)
