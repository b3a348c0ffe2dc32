"""What each user's row must keep: complete, unique, in the segments that its own numbers say, and consistent."""

from functools import partial

from include.tidemark.families.engagement.definitions import (
    BEHAVIORAL_SEGMENTS,
    REVENUE_SEGMENTS,
    stage_names,
)
from include.tidemark.families.engagement.rules import START
from include.tidemark.run import Run
from include.tidemark.sources.literals import text_literal
from include.tidemark.validation.candidates import complete_rows
from include.tidemark.validation.checks import Asset, Check, never, text_list

CANDIDATE = "runs.user_engagement"

_never = partial(never, CANDIDATE)

_REQUIRED = (
    "user_id", "created_date", "observed_days", "sessions_last_90_days", "events_last_90_days", "session_frequency",
    "event_frequency", "engagement_score", "behavioral_segment", "lifetime_revenue", "revenue_last_90_days",
    "revenue_percentile", "revenue_segment", "furthest_stage", "furthest_stage_number", "days_to_furthest_stage",
    "stages_reached", "stages_in_order",
)  # fmt: skip
_RANKS = {
    "session_frequency": "session_frequency_rank",
    "session_duration": "session_duration_rank",
    "event_frequency": "event_frequency_rank",
    "recency": "recency_rank",
}
"""Part of the score -> its percentile rank."""


def candidate_rows(run: Run) -> Asset:
    """The suite of the rows that dbt built for this run."""
    checks = [
        *complete_rows(run, CANDIDATE, "user_id", _REQUIRED),
        *_name_checks(run),
        *_score_checks(run),
        *_segment_checks(run),
        *_identity_checks(run),
    ]  # fmt: skip
    return Asset(
        name="models.user_engagement",
        table=CANDIDATE,
        source=f"{CANDIDATE} where run_key = '{run.run_key}'",
        checks=tuple(checks),
        needs=(CANDIDATE,),
    )


def _name_checks(run: Run) -> list[Check]:
    stages = " ".join(
        f"when {number} then {text_literal(name)}" for number, name in enumerate(stage_names(run.rules))
    )
    return [
        _never("unknown_behavioral_segment", f"behavioral_segment not in {text_list(BEHAVIORAL_SEGMENTS)}",
               "every behavioral_segment is one of the four.", "behavioral_segment"),
        _never("unknown_revenue_segment", f"revenue_segment not in {text_list(REVENUE_SEGMENTS)}",
               "every revenue_segment is one of the four.", "revenue_segment"),
        _never("unknown_stage", f"furthest_stage <> coalesce(case furthest_stage_number {stages} end, '')",
               "every furthest_stage is the one of its number in the rule journey_stages.", "furthest_stage"),
    ]  # fmt: skip


def _score_checks(run: Run) -> list[Check]:
    weights = run.rules.engagement_weights
    parts = " + ".join(f"{weights[part]!r} * coalesce({rank}, 0)" for part, rank in _RANKS.items())
    total = " + ".join(
        f"case when {rank} is null then 0 else {weights[part]!r} end" for part, rank in _RANKS.items()
    )
    outside = " or ".join(
        f"{rank} not between 0 and 1" for rank in ("engagement_score", "revenue_percentile", *_RANKS.values())
    )
    return [
        _never("rank_outside_0_1", outside, "score and ranks are between 0 and 1.", "engagement_score"),
        _never("score_identity",
               f"({total}) > 0 and not coalesce(abs(engagement_score - ({parts}) / ({total})) <= 1e-9, false)",
               "engagement_score is the weighted mean of the ranks.", "engagement_score"),
        # Ties count half, so the ranks of all users have a mean of one half, whatever the data are.
        *(
            Check(
                name=f"mean_{rank}_off",
                measure=f"round(abs(coalesce(avg({rank}), 0.5) - 0.5), 9)",
                maximum=1e-6,
                column=rank,
                claim=f"The mean of {rank} over all users is one half.",
                failure=f"The mean of {rank} in {CANDIDATE} is off one half by {{observed}}, so the ranks are not those of all users;"
                " correct the model.",
            )
            for rank in (*_RANKS.values(), "revenue_percentile")
        ),
    ]  # fmt: skip


def _segment_checks(run: Run) -> list[Check]:
    rules = run.rules
    revenue = "lifetime_revenue" if rules.revenue_segment_basis == "lifetime" else "revenue_last_90_days"
    churned = f"coalesce(days_since_last_activity >= {rules.churn_days_threshold}, true)"
    return [
        _never("churn_identity", f"(behavioral_segment = 'churned') <> ({churned})",
               f"churned are those without activity for {rules.churn_days_threshold} days, and nobody else.",
               "behavioral_segment"),
        _never("free_user_identity", f"(revenue_segment = 'free_user') <> ({revenue} <= 0)",
               f"free_user are those whose {revenue} is zero or less, and nobody else.", "revenue_segment"),
        *(_in_order("behavioral_segment", "engagement_score", *pair)
          for pair in (("low_engagement", "moderate_engagement"), ("moderate_engagement", "high_engagement"))),
        *(_in_order("revenue_segment", revenue, *pair) for pair in (("minnow", "dolphin"), ("dolphin", "whale"))),
    ]  # fmt: skip


def _in_order(segment: str, measure: str, lower: str, higher: str) -> Check:
    largest = f"max(case when {segment} = '{lower}' then {measure} end)"
    smallest = f"min(case when {segment} = '{higher}' then {measure} end)"
    return Check(
        name=f"{lower}_below_{higher}",
        measure=f"case when {largest} >= {smallest} then 1 else 0 end",
        maximum=0,
        column=segment,
        claim=f"Everybody in {lower} has less {measure} than everybody in {higher}.",
        failure=f"{CANDIDATE}: somebody in {lower} has as much {measure} as somebody in {higher}; correct the model.",
    )


def _identity_checks(run: Run) -> list[Check]:
    as_of = f"cast('{run.as_of_date}' as date)"
    return [
        _never("observed_days_outside", "observed_days not between 1 and 90", "observed_days is 1 to 90.", "observed_days"),
        _never("signed_up_later", f"created_date >= {as_of}", "every user signed up before the as-of date.", "created_date"),
        _never("activity_out_of_order",
               f"last_activity_date < created_date or last_activity_date >= {as_of}"
               f" or coalesce(days_since_last_activity, 0) <> coalesce({as_of} - last_activity_date, 0)",
               "the last activity is from sign-up on and before the as-of date, so many days ago.", "last_activity_date"),
        _never("negative_count",
               "sessions_last_90_days < 0 or events_last_90_days < 0 or session_seconds_last_90_days < 0"
               " or active_days_last_90_days not between 0 and observed_days",
               "counts are not negative, and nobody is active on more days than were observed.", "active_days_last_90_days"),
        _never("frequency_identity",
               "abs(session_frequency * observed_days - sessions_last_90_days) > 1e-6"
               " or abs(event_frequency * observed_days - events_last_90_days) > 1e-6"
               " or abs(session_duration * sessions_last_90_days - session_seconds_last_90_days) > 1e-3",
               "frequencies and duration follow from the counts.", "session_frequency"),
        _never("journey_identity",
               "stages_in_order > stages_reached or stages_reached > furthest_stage_number or days_to_furthest_stage < 0"
               f" or (furthest_stage_number = 0) <> (furthest_stage = '{START}')",
               "a journey holds the stages that it counts.", "furthest_stage_number"),
    ]  # fmt: skip
