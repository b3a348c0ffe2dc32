"""What the local set-up must know of a data set."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from include.tidemark.config.folder import RULES

CONFIG = Path(__file__).with_name("config")


@dataclass(frozen=True)
class Dataset:
    """One data set that the demo can run on."""

    name: str
    """As `make demo DATASET=` names it."""
    make_arguments: str
    """What `make demo` and `make up` are given for it."""
    families: tuple[str, ...]
    """Families that its sources allow, in the order of the report."""
    as_of_dates: tuple[date, ...]
    """Months that the demo runs: firsts of consecutive months."""
    schedule_end: date
    """The data end before, so no later month is scheduled."""
    config_dir: Path
    """Its tables and rules, as a deployment's own folder says them."""
    state: Path
    """Folder of all that its runs keep: landing files, warehouse, artifacts, Airflow's home."""
    write_landing_files: Callable[[Path], dict[str, int]]
    """Writes the landing files into a folder, keeps those that stand there, and returns the rows of each
    table."""

    @property
    def rules_file(self) -> Path:
        """Its rules."""
        return self.config_dir / RULES

    @property
    def logical_dates(self) -> tuple[date, date]:
        """The first and the last run's logical date: a run's interval starts a month before its as-of
        date."""
        first, last = (
            (day - timedelta(days=1)).replace(day=1) for day in (self.as_of_dates[0], self.as_of_dates[-1])
        )
        return first, last
