"""What the members and the statistics of a declared segmentation must keep before they are published."""

from functools import partial

from include.tidemark.run import Run
from include.tidemark.segmentations import catalogue
from include.tidemark.segmentations.declaration import Segmentation, declared
from include.tidemark.sources.literals import text_literal
from include.tidemark.validation.candidates import complete_rows
from include.tidemark.validation.checks import Asset, Check, count_where, never, text_list, zero
from include.tidemark.validation.distribution import LARGEST_SHARE_PCT, distribution, shares_clause
from include.tidemark.validation.distribution import Segmentation as Distribution
from include.tidemark.validation.long_results import long_results_asset, share_sums, sum_to_one

MEMBERS = "runs.segment_members"
_STATISTICS = "runs.statistics"
_SHARES = ("segment_share", "segment_share_active")
_METHODS = 2
"""Methods that each mean is published with."""

_never = partial(never, MEMBERS)


def candidate(name: str, run: Run) -> list[Asset]:
    """The members that dbt decided: complete, in the segment that their own features say, and how the shares moved."""
    segmentation = declared(name, run)
    return [_members(segmentation, run), _criteria(segmentation, run), _shares(segmentation, run)]


def statistics(name: str, run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return [long_results_asset(run, name, (*_SHARES, "movement")), _coverage(declared(name, run), run)]


def _mine(name: str, run: Run) -> str:
    return f"run_key = '{run.run_key}' and segmentation = '{name}'"


def _population(segmentation: Segmentation, run: Run) -> str:
    flag = f"is_{segmentation.person}"
    return f"{catalogue.TABLE} where run_key = '{run.run_key}' and {flag}"


def _members(segmentation: Segmentation, run: Run) -> Asset:
    name = segmentation.name
    with_clause = f"""
        everybody as (select count(*) as n from {_population(segmentation, run)}),
        members as (select * from {MEMBERS} where {_mine(name, run)})"""
    return Asset(
        name=f"models.{name}",
        table=MEMBERS,
        source="members cross join everybody",
        with_clause=with_clause,
        needs=(MEMBERS, catalogue.TABLE),
        checks=(
            *complete_rows(run, MEMBERS, "user_id", ("user_id", "segment", "is_dormant")),
            _never("unknown_segment", f"segment not in {text_list(segmentation.names)}",
                   f"every segment is one that {name}.yml declares.", "segment"),
            zero("members_missing", "abs(max(everybody.n) - count(*))", "user_id",
                 f"Each of the {segmentation.of} has a segment of {name}.",
                 f"{MEMBERS} and {catalogue.TABLE} differ in the number of {segmentation.of} of {name} by {{observed}}; look at the"
                 " log of the models task."),
        ),
    )  # fmt: skip


def _criteria(segmentation: Segmentation, run: Run) -> Asset:
    """Each condition once more, over the features themselves: a member keeps its own, and none of an earlier segment."""
    met = ", ".join(
        f"coalesce({condition.sql if condition else 'true'}, false) as met_{number}"
        for number, condition in enumerate(segmentation.conditions)
    )
    with_clause = f"""
        met as (select user_id, {met} from {_population(segmentation, run)}),
        members as (select user_id, segment from {MEMBERS} where {_mine(segmentation.name, run)})"""
    checks = []
    for number, segment in enumerate(segmentation.segments):
        mine = f"segment = {text_literal(segment.name)}"
        earlier = " or ".join(f"met_{before}" for before in range(number))
        checks.append(
            _never(
                f"criteria_{number + 1}",
                f"{mine} and not met_{number}" + (f" or {mine} and ({earlier})" if earlier else ""),
                f"every member of {segment.name} meets its condition, and that of no segment before it.",
                "segment",
            )
        )
    return Asset(
        name=f"models.{segmentation.name}_criteria",
        table=MEMBERS,
        source="members inner join met on members.user_id = met.user_id",
        with_clause=with_clause,
        needs=(MEMBERS, catalogue.TABLE),
        checks=tuple(checks),
    )


def _shares(segmentation: Segmentation, run: Run) -> Asset:
    """How the segments' shares stand, alone and against the previous publication."""
    of = Distribution(
        family=segmentation.name,
        table=f"(select * from {MEMBERS} where segmentation = '{segmentation.name}')",
        column="segment",
        segments=segmentation.names,
        check="segment_drift_psi",
        whose=f"The segments' ({segmentation.title})",
        people=segmentation.of,
        if_moved="its file has changed since: look at the movement table whether that is why."
        if segmentation.name in run.redeclared
        else "look at the movement table and at what changed in the sources.",
        if_fewer=f"{segmentation.of} do not leave by themselves: find out which rows were lost before you publish.",
        shown_as=MEMBERS,
        redeclared=segmentation.name in run.redeclared,
    )
    return distribution(
        run, f"models.{segmentation.name}_shares", of, _largest(of, run), *_expected(segmentation)
    )


def _largest(of: Distribution, run: Run) -> Check:
    return Check(
        name="largest_share_pct",
        measure="coalesce(100 * max(share_now), 0)",
        maximum=LARGEST_SHARE_PCT,
        severity="warning",
        column="segment",
        claim=f"No segment holds more than {LARGEST_SHARE_PCT} % of the {of.people}.",
        failure=f"The largest segment ({{detail}}) holds {{observed}} % of the {of.people}, more than {LARGEST_SHARE_PCT} %, so"
        f" {of.family} hardly tells them apart; `tidemark segmentation check` shows who is near a boundary.",
        detail=f"with {shares_clause(run, of)} select segment from shares order by share_now desc limit 1",
    )


def _expected(segmentation: Segmentation) -> list[Check]:
    checks = []
    for number, (segment, (low, high)) in enumerate(segmentation.expected_shares.items(), start=1):
        checks.append(
            Check(
                name=f"expected_share_{number}",
                measure=f"max(case when segment = {text_literal(segment)} then coalesce(100 * share_now, 0) end)",
                minimum=float(low),
                maximum=float(high),
                severity="warning",
                column="segment",
                claim=f"{segment} holds {low:g} to {high:g} % of the {segmentation.of}.",
                failure=f"{segment} holds {{observed}} % of the {segmentation.of} (expected: {low:g} to {high:g}); look at what"
                f" changed, or correct expected_shares in {segmentation.name}.yml.",
            )
        )
    return checks


def _coverage(segmentation: Segmentation, run: Run) -> Asset:
    """That no number is missing, and that numbers of one kind add up."""
    this_run = f"run_key = '{run.run_key}' and family = '{segmentation.name}'"
    segments = " union all ".join(f"select {text_literal(name)} as segment" for name in segmentation.names)
    expected = dict.fromkeys(_SHARES, 1) | {f"mean_{name}": _METHODS for name in segmentation.means}
    metrics = " union all ".join(
        f"select '{name}' as metric, {count} as methods" for name, count in expected.items()
    )
    with_clause = f"""
        numbers as (select * from {_STATISTICS} where {this_run}),
        expected as (
            select metrics.metric, segments.segment, metrics.methods
            from ({metrics}) as metrics cross join ({segments}) as segments
        ),
        found as (select metric, segment, count(distinct method) as methods from numbers group by metric, segment),
        missing as (
            select {count_where("coalesce(found.methods, 0) < expected.methods")} as pairs
            from expected left join found on expected.metric = found.metric and expected.segment = found.segment
        ),
        members as (
            select segment, count(*) as n from {MEMBERS} where {_mine(segmentation.name, run)} group by segment
        ),
        counted as (
            select coalesce(sum(abs(coalesce(shares.n, 0) - totals.n)), 0) as off
            from (select distinct n from numbers where metric = 'segment_share' and n is not null) as shares
            cross join (select coalesce(sum(n), 0) as n from members) as totals
        ),
        {share_sums(f"where metric in {text_list(_SHARES)} and segment is not null", "metric, method")}"""
    return Asset(
        name=f"statistics.{segmentation.name}_coverage",
        table=_STATISTICS,
        source="missing cross join share_sums cross join counted",
        with_clause=with_clause,
        needs=(_STATISTICS, MEMBERS),
        checks=(
            zero("missing_numbers", "missing.pairs", "metric",
                 "Every share and mean has a row for each segment.",
                 f"{_STATISTICS} lacks rows of shares or means of {segmentation.name} ({{observed}} pairs of metric and segment); look"
                 " at the log of the profile task."),
            sum_to_one("the segments", "profile"),
            zero("members_not_counted", "counted.off", "n",
                 f"The shares are of all members in {MEMBERS}.",
                 f"The number of {segmentation.of} behind the shares in {_STATISTICS} differs from {MEMBERS} by {{observed}}; the"
                 " statistics were made from other rows: clear the statistics tasks and let them run again."),
        ),
    )  # fmt: skip
