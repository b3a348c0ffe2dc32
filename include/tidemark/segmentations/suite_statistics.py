"""That no number of a segmentation is missing, and that numbers of one kind add up."""

from include.tidemark.run import Run
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.sources.literals import text_literal
from include.tidemark.validation.checks import Asset, Check, count_where, text_list, zero
from include.tidemark.validation.long_results import share_sums, sum_to_one

_TABLE = "runs.statistics"
_SHARES = ("segment_share", "segment_share_active")
_METHODS = 2
"""Methods that each mean is published with."""


def coverage(of: Segmentation, run: Run) -> Asset:
    """The suite."""
    return Asset(
        name=of.home.suites.get("coverage", f"statistics.{of.name}_coverage"),
        table=_TABLE,
        source="missing cross join comparisons cross join share_sums cross join counted",
        with_clause=_with_clause(of, run),
        needs=(_TABLE, of.home.members),
        checks=(*_missing(of), sum_to_one("the segments", "profile"), _counted(of)),
    )


def _comparisons(of: Segmentation) -> tuple[str, ...]:
    return ("movement", of.backtest_metric) if of.backtest else ("movement",)


def _missing(of: Segmentation) -> tuple[Check, ...]:
    return (
        zero("missing_numbers", "missing.pairs", "metric",
             "Every share and mean has a row for each segment.",
             f"{_TABLE} lacks rows of shares or means of {of.name} ({{observed}} pairs of metric and segment); look at the log of"
             " the profile task."),
        zero("missing_comparisons", f"{len(_comparisons(of))} - comparisons.metrics", "metric",
             "What is compared with an earlier month has rows, with a reason where there is nothing to compare with.",
             f"{_TABLE} has no row at all for movement or backtest of {of.name} ({{observed}} missing); look at the logs of these"
             " tasks."),
    )  # fmt: skip


def _counted(of: Segmentation) -> Check:
    return zero(
        f"{of.home.counted}_not_counted", "counted.off", "n",
        f"Shares and means are of the members in {of.home.members}.",
        f"The number of {of.of} behind the shares or means in {_TABLE} differs from {of.home.members} by {{observed}}; the"
        " statistics were made from other rows: clear the statistics tasks and let them run again.",
    )  # fmt: skip


def _with_clause(of: Segmentation, run: Run) -> str:
    segments = " union all ".join(f"select {text_literal(name)} as segment" for name in of.names)
    means = [of.mean_of(name) for name in of.means]
    metrics = " union all ".join(
        f"select '{name}' as metric, {count} as methods"
        for name, count in (dict.fromkeys(_SHARES, 1) | dict.fromkeys(means, _METHODS)).items()
    )
    return f"""
        numbers as (select * from {_TABLE} where run_key = '{run.run_key}' and family = '{of.name}'),
        expected as (
            select metrics.metric, segments.segment, metrics.methods
            from ({metrics}) as metrics cross join ({segments}) as segments
        ),
        found as (select metric, segment, count(distinct method) as methods from numbers group by metric, segment),
        missing as (
            select {count_where("coalesce(found.methods, 0) < expected.methods")} as pairs
            from expected left join found on expected.metric = found.metric and expected.segment = found.segment
        ),
        comparisons as (
            select count(distinct metric) as metrics from numbers where metric in {text_list(_comparisons(of))}
        ),
        members as (select count(*) as n from {of.home.members} where {of.mine(run.run_key)}),
        behind as ({_behind(of, means)}),
        counted as (
            select coalesce(max(abs(behind.n - members.n)), 0) as off from behind cross join members
        ),
        {share_sums(f"where metric in {text_list(_SHARES)} and segment is not null", "metric, method")}"""


def _behind(of: Segmentation, means: list[str]) -> str:
    """How many people the numbers are of. A feature of the catalogue may be unknown of somebody, so its means count fewer."""
    shares = f"select n from numbers where metric = '{_SHARES[0]}' and n is not null"
    if of.home.is_shared:
        return shares
    return (
        f"{shares} union all select sum(coalesce(n, 0)) as n from numbers where metric in {text_list(means)}"
        " and segment is not null group by metric, method"
    )
