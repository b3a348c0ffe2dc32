"""The synthetic data set as the demo runs it."""

from datetime import date
from functools import partial
from pathlib import Path

from include.tidemark.demo.dataset import CONFIG, Dataset
from include.tidemark.demo.synthetic.writing import write_landing_files
from include.tidemark.errors import SettingsError
from include.tidemark.paths import LOCAL_STATE
from include.tidemark.sources.contract import source_tables

DEFAULT_USERS = 20_000
"""A month of all families takes well under a minute on two cores, and each fee tier still has hundreds of
users."""
MINIMUM_USERS = 100
FAMILIES = ("customer_segments", "engagement", "planners", "early_engagement", "fee_tiers")


def synthetic(users: int = DEFAULT_USERS) -> Dataset:
    """The data set at this size; each size keeps its state in a folder of its own.

    Raises:
        SettingsError: there would be too few users for any number.
    """
    if users < MINIMUM_USERS:
        raise SettingsError(f"USERS is {users}; the synthetic data set has at least {MINIMUM_USERS} users.")
    return Dataset(
        name="synthetic",
        make_arguments="DATASET=synthetic" + ("" if users == DEFAULT_USERS else f" USERS={users}"),
        families=FAMILIES,
        as_of_dates=(date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)),
        schedule_end=date(2026, 7, 31),
        config_dir=CONFIG / "synthetic",
        state=LOCAL_STATE / f"synthetic-{users}",
        write_landing_files=partial(_write_missing, users),
    )


def _write_missing(users: int, landing: Path) -> dict[str, int]:
    if all((landing / f"{table}.parquet").exists() for table in source_tables()):
        return {}
    return write_landing_files(landing, users)
