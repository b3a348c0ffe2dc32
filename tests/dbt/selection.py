"""What a run selects of dbt's nodes, as the options of a command line."""

from include.tidemark.enabled import dbt_selection
from include.tidemark.families import enabled_families


def selection(*families: str) -> list[str]:
    """The options with which a run of these families builds."""
    chosen = dbt_selection(enabled_families(families))
    return ["--select", *chosen.select, "--exclude", *chosen.exclude]
