"""What the family must keep before it is published."""

from include.tidemark.run import Run
from include.tidemark.validation.checks import Asset, Check, never
from include.tidemark.validation.long_results import long_results_asset

TABLE = "runs.platform_users"


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run."""
    return [
        Asset(
            name="models.platforms",
            table=TABLE,
            source=f"{TABLE} where run_key = '{run.run_key}'",
            needs=(TABLE,),
            checks=(
                Check(
                    name="row_count",
                    measure="count(*)",
                    minimum=1,
                    claim=f"{TABLE} has rows for this run.",
                    failure=f"{TABLE} has no row for this run; lower platform_min_users, or load the users.",
                ),
                never(TABLE, "too_few_users", f"users < {run.rules.platform_min_users}",
                      "every platform has enough users.", "users", "Correct the model."),
            ),
        )
    ]  # fmt: skip


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return [long_results_asset(run, "platforms", ("platform_share",))]
