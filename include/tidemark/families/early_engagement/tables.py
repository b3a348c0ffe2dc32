"""The tables that this family publishes, column by column."""

from include.tidemark.artifacts.columns import RUN_COLUMNS
from include.tidemark.artifacts.model_tables import ModelTable, model_table
from include.tidemark.artifacts.tables import Column, Kind, PublishedTable
from include.tidemark.artifacts.wide import Line, Place, Statistic
from include.tidemark.families.early_engagement.features import FIRST_WEEK, HORIZON, features_of
from include.tidemark.run import Run

_FEATURE_KINDS: dict[str, Kind] = {"has": "boolean", "cnt_days": "integer", "cnt_events": "integer"}


def users_table(run: Run) -> ModelTable:
    """The user-level table with the columns of the run's list of events."""
    features = features_of(run.rules.early_engagement_events)
    columns = tuple(Column(f.name, _FEATURE_KINDS[f.kind], f.description) for f in features)
    return model_table("data/dim_user_early_engagement", features=columns)


def _feature(line: Line) -> Place:
    """In the model of all features, a row also names the feature that it was left out for."""
    return Place(line["feature"], line["collinear_with"], HORIZON)


def _feature_alone(line: Line) -> Place:
    return Place(line["feature"], horizon=HORIZON)


ODDS, IMPACTFUL = (Statistic(metric, _feature) for metric in ("odds_ratio", "odds_ratio_impactful"))
INFLATION = Statistic("variance_inflation", _feature)
ALONE, CELL = (Statistic(metric, _feature_alone) for metric in ("odds_ratio_univariate", "smallest_cell"))
USED = Statistic("first_week_usage", lambda line: Place(line["feature"], horizon=FIRST_WEEK), factor=100)
STAYED, STAYED_WITHOUT = (
    Statistic(metric, _feature_alone, factor=100) for metric in ("retained_if_used", "retained_if_not_used")
)


def _is_known(estimate: float | None, _: Run) -> bool:
    return estimate is not None


DRIVERS = PublishedTable(
    path="data/retention_drivers",
    columns=(
        Column("Feature", "text", "A feature of the first seven days, or a platform against the reference one."),
        ODDS.column("Odds Ratio", "number", "Odds of staying four weeks for one unit more, all other features equal; empty where"
               " the feature can't be told apart from others, or from nothing.", "estimate"),
        *ODDS.closing("the odds ratio"),
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
        IMPACTFUL.column(
            "is_impactful", "boolean", "Beyond the impact threshold, not by chance, and not sparse.", "estimate", _is_known
        ),
        *ODDS.interval("odds_ratio", "number", "Odds of staying for one unit more, all other features equal"),
        ODDS.column("p_adjusted", "number", "p-value of an odds ratio of 1, adjusted over all features (Benjamini-Hochberg).", "p_adjusted"),
        *ALONE.interval("odds_ratio_univariate", "number", "Odds of staying for one unit more, other features left aside"),
        INFLATION.column("variance_inflation", "number", "How much wider the interval is because other features go along; above 10 is much.", "estimate"),
        CELL.column("smallest_cell", "integer", "Users in the smallest of the four cells of feature (zero or not) and outcome.", "estimate"),
        Column("collinear_with", "text", "The feature that says the same, where this one was left out of the model for it."),
        ODDS.column("users", "integer", "Users that the model was fitted on.", "n"),
        ODDS.column("method", "text", "How odds ratio and interval were computed.", "method"),
        *ODDS.trust("the odds ratio"),
    ),
    description="One row per feature: its odds ratio with interval, adjusted and alone, and what stands against believing it.",
)  # fmt: skip

USAGE = PublishedTable(
    path="data/first_week_usage",
    columns=(
        *RUN_COLUMNS,
        Column("event_name", "text", "The event, as the data name it."),
        USED.column("users", "integer", "Users of the run.", "n"),
        *USED.interval("usage_pct", "number", "Users who did it in the first seven days, in per cent"),
        *STAYED.interval(
            "retained_if_used_pct", "number", "Of those who did it: stayed four weeks, in per cent"
        ),
        *STAYED_WITHOUT.interval(
            "retained_if_not_used_pct", "number", "Of those who did not: stayed four weeks, in per cent"
        ),
    ),
    description="One row per event of the list: who does it in the first seven days, and who of them stays.",
)


def tables(run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the family with the columns that this run writes."""
    return (users_table(run), DRIVERS, DETAILS, USAGE)
