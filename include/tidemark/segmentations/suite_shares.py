"""How the shares of the segments stand, alone and against the previous publication."""

from include.tidemark.run import Run
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.sources.literals import text_literal
from include.tidemark.validation.checks import Asset, Check
from include.tidemark.validation.distribution import LARGEST_SHARE_PCT, distribution, shares_clause
from include.tidemark.validation.distribution import Segmentation as Distribution


def shares(of: Segmentation, run: Run) -> Asset:
    """The suite. Of what no deployment declares, the gate asks in its own family whether the first month says anything."""
    is_redeclared = of.name in run.redeclared
    whose = f"The segments' ({of.title})" if of.home.is_shared else "The segments'"
    moved = "look at the movement table and at what changed in the sources."
    if is_redeclared:
        moved = "its file has changed since: look at the movement table whether that is why."
    elif not of.home.is_shared:
        moved = "look at the movement table and at what changed in rules or sources."
    drawn = Distribution(
        family=of.name,
        table=f"(select * from {of.home.members} where segmentation = '{of.name}')"
        if of.home.is_shared
        else of.home.members,
        column=of.home.segment,
        segments=of.names,
        check="segment_drift_psi",
        whose=whose,
        people=of.of,
        if_moved=moved,
        if_fewer=f"{of.of} do not leave by themselves: find out which rows were lost before you publish.",
        shown_as=of.home.members,
        redeclared=is_redeclared,
    )
    largest = [_largest(drawn, run)] if of.home.is_shared else []
    smallest = [_smallest(drawn, of.home.smallest_share, run)] if of.home.smallest_share else []
    name = of.home.suites.get("shares", f"models.{of.name}_shares")
    return distribution(run, name, drawn, *largest, *smallest, *_expected(of))


def _largest(of: Distribution, run: Run) -> Check:
    return Check(
        name="largest_share_pct",
        measure="coalesce(100 * max(share_now), 0)",
        maximum=LARGEST_SHARE_PCT,
        severity="warning",
        column=of.column,
        claim=f"No segment holds more than {LARGEST_SHARE_PCT} % of the {of.people}.",
        failure=f"The largest segment ({{detail}}) holds {{observed}} % of the {of.people}, more than {LARGEST_SHARE_PCT} %, so"
        f" {of.family} hardly tells them apart; `tidemark segmentation check` shows who is near a boundary.",
        detail=f"with {shares_clause(run, of)} select segment from shares order by share_now desc limit 1",
    )


def _smallest(of: Distribution, rule: str, run: Run) -> Check:
    least = getattr(run.rules, rule)
    return Check(
        name="smallest_share_pct",
        measure="100 * min(share_now)",
        minimum=float(least),
        severity="warning",
        column=of.column,
        claim=f"Each segment holds at least {least:g} % of the {of.people}.",
        failure=f"The smallest segment holds {{observed}} % of the {of.people}, less than {least:g} % (below it: {{detail}}); check the"
        " thresholds in the rules before you use it for a campaign.",
        detail=f"with {shares_clause(run, of)} select segment from shares where coalesce(100 * share_now, 0) < {least}"
        " order by share_now",
    )


def _expected(of: Segmentation) -> list[Check]:
    checks = []
    for number, (segment, (low, high)) in enumerate(of.expected_shares.items(), start=1):
        checks.append(
            Check(
                name=f"expected_share_{number}",
                measure=f"max(case when segment = {text_literal(segment)} then coalesce(100 * share_now, 0) end)",
                minimum=float(low),
                maximum=float(high),
                severity="warning",
                column=of.home.segment,
                claim=f"{segment} holds {low:g} to {high:g} % of the {of.of}.",
                failure=f"{segment} holds {{observed}} % of the {of.of} (expected: {low:g} to {high:g}); look at what"
                f" changed, or correct expected_shares in {of.name}.yml.",
            )
        )
    return checks
