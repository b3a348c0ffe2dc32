"""The tables that this family publishes, column by column."""

from include.tidemark.artifacts.columns import RUN_COLUMNS, closing_columns, interval_columns, trust_columns
from include.tidemark.artifacts.model_tables import ModelTable, model_table
from include.tidemark.artifacts.tables import Column, Kind, PublishedTable
from include.tidemark.families.early_engagement.features import features_of
from include.tidemark.run import Run

_FEATURE_KINDS: dict[str, Kind] = {"has": "boolean", "cnt_days": "integer", "cnt_events": "integer"}


def users_table(run: Run) -> ModelTable:
    """The user-level table with the columns of the run's list of events."""
    features = features_of(run.rules.early_engagement_events)
    columns = tuple(Column(f.name, _FEATURE_KINDS[f.kind], f.description) for f in features)
    return model_table("data/dim_user_early_engagement", features=columns)


DRIVERS = PublishedTable(
    path="data/retention_drivers",
    columns=(
        Column("Feature", "text", "A feature of the first seven days, or a platform against the reference one."),
        Column("Odds Ratio", "number", "Odds of staying four weeks for one unit more, all other features equal; empty where"
               " the feature can't be told apart from others, or from nothing."),
        *closing_columns("the odds ratio"),
    ),
    description="One row per feature of the model, the highest odds ratio first.",
)  # fmt: skip

DETAILS = PublishedTable(
    path="data/retention_driver_details",
    columns=(
        *RUN_COLUMNS,
        Column("feature", "text", "The feature, as in retention_drivers.csv."),
        Column("event_name", "text", "The event that it is about, as the data name it; empty for a platform."),
        Column("unit", "text", "What one unit is: did it at all, one more day, one more event, or the platform compared with."),
        Column("is_impactful", "boolean", "Beyond the impact threshold, not by chance, and not sparse."),
        *interval_columns("odds_ratio", "number", "Odds of staying for one unit more, all other features equal"),
        Column("p_adjusted", "number", "p-value of an odds ratio of 1, adjusted over all features (Benjamini-Hochberg)."),
        *interval_columns("odds_ratio_univariate", "number", "Odds of staying for one unit more, other features left aside"),
        Column("variance_inflation", "number", "How much wider the interval is because other features go along; above 10 is much."),
        Column("smallest_cell", "integer", "Users in the smallest of the four cells of feature (zero or not) and outcome."),
        Column("collinear_with", "text", "The feature that says the same, where this one was left out of the model for it."),
        Column("users", "integer", "Users that the model was fitted on."),
        Column("method", "text", "How odds ratio and interval were computed."),
        *trust_columns("the odds ratio"),
    ),
    description="One row per feature: its odds ratio with interval, adjusted and alone, and what stands against believing it.",
)  # fmt: skip

USAGE = PublishedTable(
    path="data/first_week_usage",
    columns=(
        *RUN_COLUMNS,
        Column("event_name", "text", "The event, as the data name it."),
        Column("users", "integer", "Users of the run."),
        *interval_columns("usage_pct", "number", "Users who did it in the first seven days, in per cent"),
        *interval_columns(
            "retained_if_used_pct", "number", "Of those who did it: stayed four weeks, in per cent"
        ),
        *interval_columns(
            "retained_if_not_used_pct", "number", "Of those who did not: stayed four weeks, in per cent"
        ),
    ),
    description="One row per event of the list: who does it in the first seven days, and who of them stays.",
)


def tables(run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the family with the columns that this run writes."""
    return (users_table(run), DRIVERS, DETAILS, USAGE)
