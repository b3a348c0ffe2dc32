"""The families that a run does not compute, and why, so that their absence is no riddle."""

from dataclasses import dataclass

from include.tidemark.families import known_families
from include.tidemark.run import Run


@dataclass(frozen=True)
class LeftOut:
    """A family without results in a run."""

    name: str
    reason: str


def families_left_out(run: Run) -> list[LeftOut]:
    """The known families that a run does not compute. A missing source says more than a missing setting, so it is named first."""
    left_out = []
    for family in known_families().values():
        if family.name in run.families:
            continue
        missing = [source for source in family.sources if source not in run.sources]
        reason = _nowhere(missing) if missing else "TIDEMARK_FAMILIES does not name it."
        left_out.append(LeftOut(family.name, reason))
    return left_out


def _nowhere(tables: list[str]) -> str:
    named = f"the table {tables[0]} is" if len(tables) == 1 else f"the tables {' and '.join(tables)} are"
    return f"{named} neither mapped in sources.yml nor landed."
