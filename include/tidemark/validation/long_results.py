"""What every published number must keep, whatever its family: the long rows of `runs.statistics`."""

from collections.abc import Sequence
from functools import partial

from include.tidemark.run import Run
from include.tidemark.sources.literals import text_literal
from include.tidemark.validation.checks import Asset, Check, never, text_list, zero

TABLE = "runs.statistics"

_never = partial(never, TABLE, advice="The question that made them has a defect.")
_NUMBER = ("metric", "segment", "segment_to", "horizon")
_BESIDE = "leave_one_period_out"
"""Its rows say in `horizon` which period moves the number most, so they have a number's key of their own and no primary row."""


def share_sums(which: str, whole: str) -> str:
    """Common table expression `share_sums` of a family's `numbers`: `off`, by how much the worst sum of shares misses 1.

    Args:
        which: SQL of what the numbers come from: the end of `from numbers`, such as `where metric = 'segment_share'`.
        whole: the columns whose values name one whole.
    """
    return f"""share_sums as (
            select coalesce(max(off), 0) as off from (
                select case when count_if(estimate is null) > 0 then 0 else abs(sum(estimate) - 1) end as off
                from numbers {which} group by {whole}
            ) as sums
        )"""


def sum_to_one(shares: str, question: str) -> Check:
    """The check of `share_sums`.

    Args:
        shares: what sums to 1: the end of a sentence that begins with "The shares of".
        question: which one wrote them.
    """
    return Check(
        name="share_sum_off",
        measure="share_sums.off",
        maximum=1e-6,
        column="estimate",
        claim=f"The shares of {shares} sum to 1.",
        failure=f"The shares of {shares} miss a sum of 1 by {{observed}} in {TABLE}; look at the question {question}.",
    )


def long_results_asset(run: Run, family: str, share_metrics: Sequence[str]) -> Asset:
    """Ranges, order of intervals, nulls with reasons, and keys of one family's rows.

    A number that could not be estimated is null with a reason: an expected state, which fails nothing here.

    Args:
        share_metrics: metrics that are shares of users, so between 0 and 1.
    """
    something_null = "(estimate is null or ci_low is null or ci_high is null)"
    outside = " or ".join(f"{column} not between 0 and 1" for column in ("estimate", "ci_low", "ci_high"))
    not_finite = " or ".join(
        f"({column} is not null and not (abs({column}) <= 1.7976931348623157e308))"
        for column in ("estimate", "ci_low", "ci_high", "p_value", "p_adjusted")
    )
    number, key = (
        " || '|' || ".join(f"coalesce({column}, '')" for column in names)
        for names in (_NUMBER, (*_NUMBER, "method"))
    )
    primary, held = "case when is_primary then 1 end", f"case when method <> '{_BESIDE}' then {number} end"
    return Asset(
        name=f"statistics.{family}",
        table=TABLE,
        source=f"{TABLE} where run_key = '{run.run_key}' and family = {text_literal(family)}",
        needs=(TABLE,),
        checks=(
            Check(
                name="row_count",
                measure="count(*)",
                minimum=1,
                claim=f"{TABLE} has rows of {family} for this run.",
                failure=f"{TABLE} has no row of {family} for this run; look at the logs of the statistics tasks.",
            ),
            _never(
                "other_as_of_date",
                f"as_of_date <> cast('{run.as_of_date}' as date)",
                "every row carries this run's as-of date.",
                "as_of_date",
            ),
            zero(
                "duplicate_key",
                f"count(*) - count(distinct {key})",
                "metric",
                f"{TABLE} holds each number once.",
                f"{TABLE} holds numbers of {family} more than once ({{observed}} rows too many); two questions write the same"
                " metric.",
            ),
            zero(
                "not_one_primary_row",
                # Rows too many, and numbers without one.
                f"count({primary}) + count(distinct {held}) - 2 * count(distinct case when is_primary then {number} end)",
                "is_primary",
                "each number has one primary row.",
                f"{TABLE} holds numbers of {family} without a primary row, or with several ({{observed}}); the question that made them"
                " has a defect.",
            ),
            _never("not_finite", not_finite, "every number is finite.", "estimate"),
            _never("interval_reversed", "ci_low > ci_high", "ci_low is never above ci_high.", "ci_low"),
            _never(
                "estimate_outside_interval",
                "estimate < ci_low or estimate > ci_high",
                "every estimate lies in its interval.",
                "estimate",
            ),
            _never(
                "share_outside_0_1",
                f"metric in {text_list(share_metrics)} and ({outside})",
                "shares and their intervals are between 0 and 1.",
                "estimate",
            ),
            _never(
                "null_without_reason",
                f"{something_null} and reason is null",
                "a null has a reason.",
                "reason",
            ),
            _never(
                "reason_without_null",
                f"reason is not null and not {something_null} and coalesce(trust, 'ok') = 'ok'",
                "a reason stands only beside a null or a flag other than ok.",
                "reason",
            ),
            _never(
                "flag_without_reason",
                "trust <> 'ok' and reason is null",
                "a flag other than ok has a reason.",
                "reason",
            ),
            _never(
                "interval_without_flag",
                "ci_low is not null and ci_high is not null and trust is null",
                "an interval has a flag.",
                "trust",
            ),
            _never("null_is_mature", "is_mature is null", "is_mature is always set.", "is_mature"),
            _never(
                "number_of_an_open_window",
                "not is_mature and estimate is not null",
                "the number of a window that is not over is null.",
                "is_mature",
            ),
            _never(
                "p_value_outside_0_1",
                "p_value not between 0 and 1 or p_adjusted < p_value or p_adjusted > 1",
                "p-values are between 0 and 1, and adjusting never lowers one.",
                "p_value",
            ),
            _never(
                "comparison_without_family",
                "is_primary and p_value is not null and (p_adjusted is null or comparison_family is null)",
                "a compared number belongs to a family of comparisons.",
                "comparison_family",
            ),
        ),
    )
