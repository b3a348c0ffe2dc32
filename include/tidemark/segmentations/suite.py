"""What the members and the statistics of a segmentation must keep before they are published."""

from functools import partial

from include.tidemark.run import Run
from include.tidemark.segmentations import catalogue
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.segmentations.shipped import declared
from include.tidemark.segmentations.suite_shares import shares
from include.tidemark.segmentations.suite_statistics import coverage
from include.tidemark.sources.literals import text_literal
from include.tidemark.validation.candidates import complete_rows
from include.tidemark.validation.checks import Asset, Check, never, text_list, zero
from include.tidemark.validation.long_results import long_results_asset

MEMBERS = "runs.segment_members"
_SHARES = ("segment_share", "segment_share_active", "movement")


def candidate(name: str, run: Run) -> list[Asset]:
    """The members that dbt decided: complete, in the segment that their own features say, and how the shares moved."""
    of = declared(name, run)
    return [_members(of, run), _criteria(of, run), shares(of, run)]


def statistics(name: str, run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return [long_results_asset(run, name, _SHARES), coverage(declared(name, run), run)]


def _population(of: Segmentation, run: Run) -> str:
    return f"{catalogue.TABLE} where run_key = '{run.run_key}' and is_{of.person}"


def _members(of: Segmentation, run: Run) -> Asset:
    with_clause = f"""
        everybody as (select count(*) as n from {_population(of, run)}),
        members as (select * from {MEMBERS} where {of.mine(run.run_key)})"""
    return Asset(
        name=f"models.{of.name}",
        table=MEMBERS,
        source="members cross join everybody",
        with_clause=with_clause,
        needs=(MEMBERS, catalogue.TABLE),
        checks=(
            *complete_rows(run, MEMBERS, "user_id", ("user_id", "segment", "is_dormant")),
            never(MEMBERS, "unknown_segment", f"segment not in {text_list(of.names)}",
                  f"every segment is one that {of.name}.yml declares.", "segment"),
            zero("members_missing", "abs(max(everybody.n) - count(*))", "user_id",
                 f"Each of the {of.of} has a segment of {of.name}.",
                 f"{MEMBERS} and {catalogue.TABLE} differ in the number of {of.of} of {of.name} by {{observed}}; look at the"
                 " log of the models task."),
        ),
    )  # fmt: skip


def _criteria(of: Segmentation, run: Run) -> Asset:
    """Each condition once more, over the features themselves."""
    with_clause = f"""
        met as (select user_id, {met_columns(of)} from {_population(of, run)}),
        members as (select user_id, segment from {MEMBERS} where {of.mine(run.run_key)})"""
    return Asset(
        name=f"models.{of.name}_criteria",
        table=MEMBERS,
        source="members inner join met on members.user_id = met.user_id",
        with_clause=with_clause,
        needs=(MEMBERS, catalogue.TABLE),
        checks=criteria_checks(of, [str(number) for number, _ in enumerate(of.names, start=1)]),
    )


def met_columns(of: Segmentation) -> str:
    """SQL of `met_0`, `met_1` and so on: whether each condition holds; that of the last segment does for all."""
    return ", ".join(
        f"coalesce({condition.sql if condition else 'true'}, false) as met_{number}"
        for number, condition in enumerate(of.conditions)
    )


def criteria_checks(of: Segmentation, names: list[str]) -> tuple[Check, ...]:
    """A member keeps the condition of its segment, one of the last segment none, and everybody is in the first that holds.

    Args:
        names: what the check of each segment is called, behind `criteria_`.
    """
    refuse = partial(never, of.home.members)
    segment = of.home.segment
    checks = []
    for number, (name, title) in enumerate(zip(names, of.names, strict=True)):
        is_last = number == len(names) - 1
        others = " or ".join(f"met_{before}" for before in range(number)) or "false"
        checks.append(
            refuse(
                f"criteria_{name}",
                f"{segment} = {text_literal(title)} and "
                + (f"({others})" if is_last else f"not met_{number}"),
                f"nobody in {title} meets the criteria of another segment."
                if is_last
                else f"every {of.person} in {title} meets its criteria.",
                segment,
            )
        )
    branches = " ".join(
        f"when met_{number} then {text_literal(title)}" for number, title in enumerate(of.names)
    )
    first = refuse(
        "segment_priority",
        f"{segment} <> case {branches} end",
        f"every {of.person} is in the first segment whose criteria hold.",
        segment,
    )
    return (*checks, first)
