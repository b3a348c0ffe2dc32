"""The families that a run does not compute, and why, so that their absence is no riddle."""

from dataclasses import dataclass

from include.tidemark.families import known_families
from include.tidemark.run import Run
from include.tidemark.sources.rows import Lack, without_rows

NOT_ENABLED = "TIDEMARK_FAMILIES does not name it"


@dataclass(frozen=True)
class LeftOut:
    """A family without results in a run."""

    name: str
    reason: str


def families_left_out(run: Run) -> list[LeftOut]:
    """The known families that a run does not compute. A missing source says more than a missing setting, so
    it is named first."""
    left_out = []
    for family in known_families().values():
        if family.name in run.families:
            continue
        missing: dict[Lack, list[str]] = {}
        for source in family.sources:
            lack = run.rows_of(source).lack if source in run.sources else "nowhere"
            if lack is not None:
                missing.setdefault(lack, []).append(source)
        reason = ", ".join(
            without_rows(tables, lack) for lack, tables in sorted(missing.items(), reverse=True)
        )
        left_out.append(LeftOut(family.name, f"{reason or NOT_ENABLED}."))
    return left_out
