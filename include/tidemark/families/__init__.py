"""The families that a deployment can enable, and where the parts of each are.

Parts are named, not imported: the DAG file lists the families at every parse, and must not load statistics, Great
Expectations or charts for that.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from include.tidemark.errors import SettingsError


@dataclass(frozen=True)
class Family:
    """One family: a folder and tag of dbt models, and the Python modules that belong to it."""

    name: str
    sources: tuple[str, ...]
    """Raw tables that it needs."""
    questions: tuple[str, ...]
    """Its statistics: functions of `include.tidemark.families.<name>.questions`, one Airflow task each."""

    @property
    def dbt_selector(self) -> str:
        """The models of the family, all that they are made from, and the published views on them."""
        return f"+tag:{self.name}+"

    def part(self, module: str) -> Any:
        """One of its modules: `questions`, `suite`, `artifacts` or `report`."""
        return import_module(f"include.tidemark.families.{self.name}.{module}")


_FAMILIES = {
    family.name: family
    for family in (
        Family(
            name="customer_segments",
            sources=("users", "transactions"),
            questions=("profile", "movement", "backtest"),
        ),
    )
}


def enabled_families(names: tuple[str, ...]) -> list[Family]:
    """The named families.

    Raises:
        SettingsError: a name is unknown, or none is given.
    """
    unknown = [name for name in names if name not in _FAMILIES]
    if unknown or not names:
        wrong = f"the unknown family {unknown[0]!r}" if unknown else "no family"
        raise SettingsError(f"TIDEMARK_FAMILIES names {wrong}; known families: {', '.join(_FAMILIES)}.")
    return [_FAMILIES[name] for name in names]
