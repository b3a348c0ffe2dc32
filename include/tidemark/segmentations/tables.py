"""The tables that a segmentation publishes, column by column."""

from operator import itemgetter

from include.tidemark.artifacts.columns import RUN_COLUMNS
from include.tidemark.artifacts.tables import Column, Kind, PublishedTable
from include.tidemark.artifacts.wide_tables import Statistic
from include.tidemark.segmentations.catalogue import Feature, catalogue, model_kinds
from include.tidemark.segmentations.declaration import Audience, Segmentation


def _statistic(metric: str, method: str | None = None, factor: float = 1.0) -> Statistic:
    return Statistic(metric, itemgetter("place"), method, factor)


def members(of: Segmentation) -> PublishedTable:
    """Who is in which segment, with the features that the file names; of a model of its own, all its
    columns."""
    return PublishedTable(
        path=f"data/{of.name}",
        columns=_features_of_members(of) if of.home.is_shared else _columns_of_model(of),
        description=f"{of.title}: one row per {of.person}.",
        model=_model(of),
        parquet=True,
    )


def _features_of_members(of: Segmentation) -> tuple[Column, ...]:
    return (
        *RUN_COLUMNS,
        Column("user_id", "id", f"The {of.person}."),
        Column("segment", "text", "The segment, by the first condition that holds."),
        Column("is_dormant", "boolean", "Whether there was no purchase (of users: nor activity) in the last 180 days."),
        *(_column(of, feature) for feature in of.features),
    )  # fmt: skip


def _columns_of_model(of: Segmentation) -> tuple[Column, ...]:
    kinds = model_kinds(of.name, of.home.model) | {of.home.person: "id"}
    return tuple(Column(name, kind) for name, kind in kinds.items())


def summary(of: Segmentation) -> PublishedTable:
    """Sizes, shares and means of the segments."""
    means = (column for name in of.means for column in _mean(of, catalogue()[name]))
    return PublishedTable(
        path=_path(of, "summary"),
        columns=(
            *RUN_COLUMNS,
            Column("priority", "integer", "The order in which segments are tried; empty in the row of all."),
            Column(of.home.segment, "text", f"The segment, or 'All {of.of}'."),
            Column(of.of, "integer", f"{of.of.capitalize()} in the segment, dormant ones included."),
            Column(f"dormant_{of.of}", "integer", "Dormant ones among them."),
            *_statistic("segment_share", factor=100).interval(
                "share_pct", "number", f"Share of all {of.of}, in per cent"
            ),
            *_statistic("segment_share_active", factor=100).interval(
                "share_active_pct", "number", f"Share of the {of.of} who are not dormant, in per cent"
            ),
            *means,
            *_shares(of),
        ),
        description=f"{of.title}: one row per segment in order of priority, then one row for all {of.of}.",
    )


def _shares(of: Segmentation) -> tuple[Column, ...]:
    expected = (
        Column("expected_share_low_pct", "number", "Lower end of the share that the file expects; empty where it expects none."),
        Column("expected_share_high_pct", "number", "Upper end of the share that the file expects."),
    )  # fmt: skip
    reference = (
        Column("reference_share_low_pct", "integer", f"Lower end of the share typical of {of.home.reference}: a reference only."),
        Column("reference_share_high_pct", "integer", f"Upper end of the share typical of {of.home.reference}: a reference only."),
    )  # fmt: skip
    return reference if of.shares_beside[0] == "reference" else expected


def movement(of: Segmentation) -> PublishedTable:
    """Who moved between segments since the previous publication."""
    share = _statistic("movement", factor=100)
    return PublishedTable(
        path=_path(of, "movement"),
        columns=(
            *RUN_COLUMNS,
            Column("previous_as_of_date", "date", f"The published as-of date that the {of.of} moved from."),
            Column("previous_run_key", "text", "The published run of that date."),
            Column(
                "from_segment",
                "text",
                f"Segment at the previous date; '{of.joined}' for those who were in none.",
            ),
            Column("to_segment", "text", f"Segment now; '{of.left}' for those who are in none."),
            Column(of.of, "integer", f"{of.of.capitalize()} who made this move."),
            Column(
                f"from_{of.of}", "integer", f"{of.of.capitalize()} in the from-segment at the previous date."
            ),
            *share.interval(
                "share_pct", "number", "Share of the from-segment that made this move, in per cent"
            ),
            *share.trust("the interval"),
        ),
        description=f"{of.title}: one row for each pair of segments between the previous published date and this one.",
    )


def backtest(of: Segmentation) -> PublishedTable:
    """What the members of an earlier date did in the 90 days that followed."""
    what: tuple[str, Kind] = (
        ("net spend, in US dollars", "money") if of.backtest == "spend" else ("active days", "integer")
    )
    prior, later = f"prior_{of.backtest}", f"later_{of.backtest}"
    ratio, alike = _statistic(of.backtest_metric), _statistic(of.alike_metric)
    return PublishedTable(
        path=_path(of, "backtest"),
        columns=(
            *RUN_COLUMNS,
            Column("backtest_as_of_date", "date", "The earlier published date whose segments are looked at."),
            Column("backtest_run_key", "text", "The published run of that date."),
            Column(of.home.segment, "text", f"Segment at that date, or 'All {of.of}'."),
            Column(of.of, "integer", f"{of.of.capitalize()} in the segment at that date."),
            Column(prior, what[1], f"Their {what[0]}, in the 90 days before that date."),
            Column(later, what[1], f"Their {what[0]}, in the 90 days after it."),
            *ratio.interval(f"{of.backtest}_ratio", "number", f"{later} divided by {prior}"),
            *ratio.trust("the interval"),
            *alike.interval(
                f"{of.backtest}_ratio_vs_alike",
                "number",
                f"{of.backtest}_ratio minus that of all {of.of} who did as much before, empty in the last row",
            ),
            alike.column(
                "p_adjusted",
                "number",
                "p-value of no such difference, adjusted over the segments (Benjamini and Hochberg).",
                "p_adjusted",
            ),
            alike.column(
                "is_discovery",
                "boolean",
                "Whether the report calls that difference a discovery.",
                "is_discovery",
            ),
        ),
        description=f"{of.title}: what each segment of an earlier date did in the 90 days that followed.",
        # The ends were those of another method before.
        schema_version=2,
    )


def audience(of: Segmentation, audience: Audience) -> PublishedTable:
    """The ids of those whom a campaign writes to, with what they are chosen and ordered by, or what is
    published of them."""
    chosen = f" in {audience.of}" if audience.of else ""
    own = of.home.audiences.get(audience.name)
    segment = () if own else (Column("segment", "text", "The segment."),)
    return PublishedTable(
        path=f"audiences/{audience.name}",
        columns=(
            Column(of.home.person, "id", "" if own else f"The {of.person}."),
            *segment,
            *(
                _column(of, catalogue()[name])
                for name in (own.features if own else of.audience_features(audience))
            ),
            *(Column(each.name, each.kind, each.meaning) for each in (own.computed if own else ())),
        ),
        description=f"{of.title}: {of.of}{chosen}, those that come first in the file's order first.",
        model=_model(of),
    )


def all_tables(of: Segmentation) -> tuple[PublishedTable, ...]:
    """Every table of the segmentation."""
    return (
        members(of),
        summary(of),
        movement(of),
        *((backtest(of),) if of.backtest else ()),
        *(audience(of, each) for each in of.audiences),
    )


def _path(of: Segmentation, what: str) -> str:
    return f"data/{of.home.files or of.name}_{what}"


def _model(of: Segmentation) -> str | None:
    """The dbt model that describes the columns of members."""
    return None if of.home.is_shared else of.home.model


def _column(of: Segmentation, feature: Feature) -> Column:
    return Column(feature.name, feature.kind, feature.meaning if of.home.is_shared else "")


def _mean(of: Segmentation, feature: Feature) -> tuple[Column, ...]:
    name, kind = of.mean_of(feature.name), _kind_of_mean(feature)
    mean, skew = _statistic(name), _statistic(name, "hall_skew_t")
    unit = ", in US dollars" if kind == "money" else ""
    what = f"Mean {feature.words} per {of.person} of whom it is known{unit}, with the percentile bootstrap's interval"
    total = Column(feature.name, feature.kind, f"{feature.words.capitalize()} of the whole segment{unit}.")
    return (
        *((total,) if feature.name in of.home.totals else ()),
        *mean.interval(name, kind, what),
        skew.column(f"{name}_skew_ci_low", kind, f"Lower end of Hall's skew-corrected t interval of {name}.", "ci_low"),
        skew.column(f"{name}_skew_ci_high", kind, f"Upper end of Hall's skew-corrected t interval of {name}.", "ci_high"),
        mean.column(f"{name}_trust", "text", f"How far the interval of {name} can be relied on: ok, caution or unreliable.", "trust"),
        mean.column(f"{name}_reason", "text", f"Why {name} or an end of its interval is empty; see the report for the codes in words.", "reason"),
    )  # fmt: skip


def _kind_of_mean(feature: Feature) -> Kind:
    return "money" if feature.kind == "money" else "number"
