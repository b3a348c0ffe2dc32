"""What every published number must keep, whatever its family: the long rows of `runs.statistics`."""

from collections.abc import Sequence
from pathlib import Path

from include.tidemark.validation.checks import Check, text_list

TABLE = "runs.statistics"
FILE = Path(__file__).with_suffix(".yml")

_NUMBER = ("metric", "segment", "segment_to", "horizon")
"""What names a number, whatever it was estimated by."""


def share_sums(which: str, whole: str) -> str:
    """Common table expression `share_sums` of a family's `numbers`: `off`, by how much the worst sum of
    shares misses 1.

    Args:
        which: SQL of what the numbers come from: the end of `from numbers`, such as `where metric =
            'segment_share'`.
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


def long_results(family: str, share_metrics: Sequence[str]) -> dict[str, str]:
    """What the texts of `long_results.yml` name.

    Args:
        share_metrics: metrics that are shares of users, so between 0 and 1.
    """
    return {
        "family": family,
        "number": " || '|' || ".join(f"coalesce({column}, '')" for column in _NUMBER),
        "share_metrics": text_list(share_metrics),
        "defect": "The question that made them has a defect.",
    }
