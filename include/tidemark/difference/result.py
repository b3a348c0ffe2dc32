"""What differs between two runs, as data."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Cells = list[dict[str, Any]]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class ComparedRun(_Part):
    """One of the two runs."""

    as_of_date: date
    run_key: str
    published_at: datetime | None
    """When it was published first (UTC); None where it never was."""
    published_by: str | None
    is_shown: bool
    """Whether it is what consumers of its as-of date see now."""
    rules_hash: str | None
    code_version: str | None


class ValueChange(_Part):
    """A rule, an option or the code, with its value in either run."""

    kind: Literal["rule", "option", "configuration", "code"]
    name: str
    earlier: Any
    later: Any


class SourceChange(_Part):
    """A source table whose rows are others than they were; those of one state are not in the list."""

    table: str
    earlier_rows: int | None
    later_rows: int | None
    file_changed: bool
    """Whether the landing file that was loaded last is another one, or was delivered again."""


class AccountChange(_Part):
    """A line of the row account that holds another number of rows or another amount."""

    source_table: str
    family: str | None
    kind: str
    reason: str
    earlier_rows: int | None
    later_rows: int | None
    earlier_amount: float | None
    later_amount: float | None


class Move(_Part):
    """How many users went from one segment to another; None is none, of who came or went."""

    from_segment: str | None
    to_segment: str | None
    users: int


class SegmentSize(_Part):
    """The users of one segment in both runs."""

    segment: str | None
    earlier: int
    later: int


class MovedUser(_Part):
    """A user who came, went, or is in another segment."""

    user_id: str
    from_segment: str | None
    to_segment: str | None


class PeopleChange(_Part):
    """The users of one segmentation in both runs."""

    segmentation: str
    family: str
    """Whose models hold it; a segmentation of the deployment is a family itself."""
    earlier: int
    later: int
    added: int
    gone: int
    moved: int
    segments: tuple[SegmentSize, ...]
    """By name."""
    moves: tuple[Move, ...]
    """From the most frequent on, those who stayed left out."""
    users: tuple[MovedUser, ...] | None = None
    """Only where ids were asked for."""


class NumberChange(_Part):
    """A number that differs by more than chance."""

    family: str
    metric: str
    segment: str | None
    segment_to: str | None
    horizon: str | None
    earlier: float
    later: float
    change: float
    p_adjusted: float
    judged_on: Literal["the same people", "two intervals"]


class NumberChanges(_Part):
    """The published numbers of both runs, the primary method of each."""

    compared: int
    """Numbers that both runs have."""
    differing: int
    """Those of them that are not the same."""
    beyond_noise: tuple[NumberChange, ...]
    """Those of them that differ by more than chance, the surest first."""
    unjudged: int
    """Those of them without an interval or on either side, so nobody can say whether it is more than
    chance."""
    only_earlier: int
    only_later: int


class FileChange(_Part):
    """A file that only one run has, or that has another number of rows."""

    path: str
    earlier_rows: int | None
    later_rows: int | None
    what: Literal["added", "gone", "rows"]


class Difference(_Part):
    """What differs between an earlier and a later run."""

    earlier: ComparedRun
    later: ComparedRun
    values: tuple[ValueChange, ...]
    sources: tuple[SourceChange, ...]
    account: tuple[AccountChange, ...]
    people: tuple[PeopleChange, ...]
    numbers: NumberChanges
    files: tuple[FileChange, ...]
    notes: tuple[str, ...]
    """What could not be compared, a sentence each."""

    def tables(self) -> Iterator[tuple[str, Cells]]:
        """The parts as tables for people, each with its title; a part without a difference has no rows."""
        yield "runs", self.lines_of_runs()
        yield (
            "rules, options and code",
            [
                {"what": each.kind, "name": each.name, "A": _shown(each.earlier), "B": _shown(each.later)}
                for each in self.values
            ],
        )
        yield (
            "source tables",
            [
                {
                    "table": each.table,
                    "rows in A": each.earlier_rows,
                    "rows in B": each.later_rows,
                    "landing file": "another" if each.file_changed else "the same",
                }
                for each in self.sources
            ],
        )
        yield "row account", [_account_line(each) for each in self.account]
        yield (
            "users by segmentation",
            [
                {
                    "segmentation": each.segmentation,
                    "in A": each.earlier,
                    "in B": each.later,
                    "added": each.added,
                    "gone": each.gone,
                    "moved": each.moved,
                }
                for each in self.people
            ],
        )
        yield (
            "segments",
            [
                {
                    "segmentation": each.segmentation,
                    "segment": size.segment or "",
                    "in A": size.earlier,
                    "in B": size.later,
                }
                for each in self.people
                for size in each.segments
            ],
        )
        yield (
            "users who moved",
            [
                {
                    "segmentation": each.segmentation,
                    "from": move.from_segment or "(not in A)",
                    "to": move.to_segment or "(not in B)",
                    "users": move.users,
                }
                for each in self.people
                for move in each.moves
            ],
        )
        yield (
            "users",
            [
                {"segmentation": each.segmentation, **user.model_dump()}
                for each in self.people
                for user in each.users or ()
            ],
        )
        yield "numbers that changed beyond noise", [_number_line(each) for each in self.numbers.beyond_noise]
        yield (
            "files",
            [
                {
                    "file": each.path,
                    "what": each.what,
                    "rows in A": each.earlier_rows,
                    "rows in B": each.later_rows,
                }
                for each in self.files
            ],
        )

    def lines_of_runs(self) -> Cells:
        """A line for either run."""
        return [_run_line(name, run) for name, run in (("A", self.earlier), ("B", self.later))]

    @property
    def lede(self) -> str:
        """Which run is which."""
        return f"A is run {self.earlier.run_key}, B is run {self.later.run_key}."

    def summary(self) -> dict[str, Any]:
        """The counts, for a task's result, which is no place for long lists."""
        return {
            "from": self.earlier.run_key,
            "to": self.later.run_key,
            "values": [f"{each.kind} {each.name}" for each in self.values],
            "sources": [each.table for each in self.sources],
            "account_lines": len(self.account),
            "people": {
                each.segmentation: {"added": each.added, "gone": each.gone, "moved": each.moved}
                for each in self.people
            },
            "numbers": self.numbers.differing,
            "numbers_beyond_noise": len(self.numbers.beyond_noise),
            "files": len(self.files),
        }

    def sentences(self) -> Sequence[str]:
        """What the tables do not say: how many numbers were looked at, and what could not be compared."""
        n = self.numbers
        said = (
            f"{n.compared:,} numbers are in both runs: {n.differing:,} of them differ, {len(n.beyond_noise):,} beyond noise;"
            f" {n.unjudged:,} that differ have no interval to judge them by. {n.only_earlier:,} are in A alone, {n.only_later:,} in B alone."
        )
        return (said, *self.notes)


def _run_line(name: str, run: ComparedRun) -> dict[str, Any]:
    return {
        "run": name,
        "as_of_date": run.as_of_date.isoformat(),
        "run_key": run.run_key,
        "published_at": run.published_at.isoformat() + "Z" if run.published_at else "never",
        "by": run.published_by or "",
        "shown now": "yes" if run.is_shown else "no",
        "rules": (run.rules_hash or "")[:12],
        "code": run.code_version or "",
    }


def _account_line(line: AccountChange) -> dict[str, Any]:
    return {
        "table": line.source_table,
        "family": line.family or "",
        "reason": line.reason,
        "rows in A": line.earlier_rows,
        "rows in B": line.later_rows,
        "amount in A": line.earlier_amount,
        "amount in B": line.later_amount,
    }


def _number_line(number: NumberChange) -> dict[str, Any]:
    segment = " to ".join(part for part in (number.segment, number.segment_to) if part)
    return {
        "family": number.family,
        "metric": number.metric,
        "segment": segment,
        "horizon": number.horizon or "",
        "A": f"{number.earlier:.6g}",
        "B": f"{number.later:.6g}",
        "p (adjusted)": f"{number.p_adjusted:.2g}",
        "judged on": number.judged_on,
    }


def _shown(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
