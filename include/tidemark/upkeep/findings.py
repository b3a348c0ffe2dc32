"""What a look at the publications finds."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["ledger", "view", "pointer", "manifest", "file", "name"]
Heal = Literal["repair", "new run", "by hand", "nothing"]
"""What puts it right: `tidemark repair --apply`; a new run of the month; a person; or there is nothing to put
right."""
MISSING = "It is missing."
REPAIR = "`tidemark repair --apply` makes it again."
_NAMED = 3
"""Up to this many files of a run are told one by one."""


class Finding(BaseModel):
    """Something that is not as the publications say."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    where: str
    """A view, or a path below the artifact root."""
    what: str
    consumers: str
    """What they see of it."""
    action: str
    heal: Heal
    as_of_date: date | None = None
    run_key: str | None = None
    shown: bool = True
    """Whether consumers see the run; an earlier one is seen only after a roll-back."""

    @property
    def is_problem(self) -> bool:
        """Whether anything has to be done about it; a name that is not ours has not."""
        return self.heal != "nothing"

    def beyond_repair(self, why: str) -> "Finding":
        """The same, where the run's rows do not give it back: a run that consumers see is replaced by a new
        one."""
        if not self.shown:
            return self.model_copy(
                update={"heal": "nothing", "action": f"{why} Do not roll back to this run."}
            )
        return self.model_copy(update={"heal": "new run", "action": f"{why} {new_run(self.as_of_date)}"})


def folded(findings: Sequence[Finding]) -> list[Finding]:
    """For people: where more than a few files of a run have one cause and one remedy, a finding that counts
    them."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for each in findings:
        alone = each.where if each.kind != "file" else ""
        groups.setdefault((each.kind, each.run_key, each.action, each.what == MISSING, alone), []).append(
            each
        )
    return [
        each for group in groups.values() for each in (group if len(group) <= _NAMED else [_counted(group)])
    ]


def _counted(group: Sequence[Finding]) -> Finding:
    first = group[0]
    folder, _, path = first.where.partition("/run=")
    run, _, path = path.partition("/")
    return first.model_copy(
        update={
            "where": f"{folder}/run={run}: {len(group):,} files, such as {path}",
            "what": "They are missing."
            if first.what == MISSING
            else "They are not those that were published.",
            "consumers": first.consumers.replace("depend on it", "depend on them").replace(
                "this file", "one of them"
            ),
            "action": first.action.replace("makes it", "makes them").replace("made it", "made them"),
        }
    )


def new_run(as_of_date: date | None) -> str:
    """How to compute a month again."""
    return f"Compute the month again: `tidemark run --as-of {as_of_date}`, or trigger monthly_segmentation with this as_of_date."
