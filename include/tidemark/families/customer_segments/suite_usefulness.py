"""Whether the family's first month says anything: thresholds that were made for other data put everybody into one segment.

Only the first: a later month is held against the one before, and to doubt chosen rules again every month would help nobody.
"""

from include.tidemark.run import Run
from include.tidemark.segmentations.declaration import Audience
from include.tidemark.segmentations.shipped import Shipped
from include.tidemark.sources.literals import text_literal
from include.tidemark.validation.checks import Asset, Check, count_where
from include.tidemark.validation.distribution import LARGEST_SHARE_PCT

CANDIDATE = "runs.customer_segments"


def usefulness(of: Shipped, run: Run) -> list[Asset]:
    """The suite of the family's first month; of any other month, none."""
    if run.previous_of("customer_segments") is not None:
        return []
    this_run = f"{CANDIDATE} where run_key = '{run.run_key}'"
    advice = f"`tidemark suggest-rules --as-of {run.as_of_date}` proposes thresholds that fit your data."
    return [
        Asset(
            name="models.customer_segments_usefulness",
            table=CANDIDATE,
            source=this_run,
            checks=(
                _largest_segment(of, this_run, advice),
                *(_audience(of, audience, advice) for audience in of.audiences),
            ),
            needs=(CANDIDATE,),
        )
    ]


def _largest_segment(of: Shipped, this_run: str, advice: str) -> Check:
    counts = ", ".join(count_where(f"customer_segment = {text_literal(name)}") for name in of.names)
    return Check(
        name="largest_share_pct",
        # Without customers there is no share; that there are some is another suite's check.
        measure=f"coalesce(100.0 * greatest({counts}) / nullif(count(*), 0), 0)",
        maximum=LARGEST_SHARE_PCT,
        severity="warning",
        column="customer_segment",
        claim=f"No segment holds more than {LARGEST_SHARE_PCT} % of the customers.",
        failure=f"The largest segment ({{detail}}) holds {{observed}} % of the customers, more than {LARGEST_SHARE_PCT} %, so the"
        f" segments hardly tell customers apart. {advice}",
        detail=f"select customer_segment from {this_run} group by customer_segment order by count(*) desc limit 1",
    )


def _audience(of: Shipped, audience: Audience, advice: str) -> Check:
    return Check(
        name=f"audience_{audience.name}",
        measure=count_where(of.chosen(audience)),
        minimum=1,
        severity="warning",
        column="customer_segment",
        claim=f"The audience {audience.name} has customers.",
        failure=f"The audience {audience.name} is empty: no customer meets its segment's criteria and its own. {advice}",
    )
