"""Why a month that was published looks different now: the run that was published, what was known then, what
is known now."""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict

from include.tidemark.difference.result import Cells, ComparedRun, Difference

_STEPS = ("published (A) and known then (B)", "known then (A) and known now (B)")


class KnownDifference(BaseModel):
    """Two differences that follow each other: what rules, options and code did, and what rows that came since
    did."""

    model_config = ConfigDict(frozen=True)

    published_to_then: Difference
    """From the published run to the one of the rows that were known then, under the rules and the code of
    now."""
    then_to_now: Difference
    """From that to the run of all rows that are there now, under the same rules and code."""

    @property
    def earlier(self) -> ComparedRun:
        """The published run."""
        return self.published_to_then.earlier

    @property
    def later(self) -> ComparedRun:
        """The run of what is known now."""
        return self.then_to_now.later

    @property
    def lede(self) -> str:
        """Which run is which."""
        then = self.then_to_now.earlier.run_key
        return f"Published is run {self.earlier.run_key}, known then run {then}, known now run {self.later.run_key}."

    def tables(self) -> Iterator[tuple[str, Cells]]:
        """The three runs, their segments side by side, and the tables of both differences, each with its
        title."""
        yield "published, known then, known now", self._runs()
        yield "segments", self._segments()
        for step, found in zip(_STEPS, (self.published_to_then, self.then_to_now), strict=True):
            for title, rows in found.tables():
                if title not in ("runs", "segments"):
                    yield f"{title}: {step}", rows

    def sentences(self) -> Sequence[str]:
        """What came of it in a line, and what the tables do not say."""
        rules, rows = self.published_to_then, self.then_to_now
        return (
            f"{rules.numbers.differing:,} of {rules.numbers.compared:,} numbers are other ones under the rules, the options and the code of"
            f" now, and {rows.numbers.differing:,} of {rows.numbers.compared:,} because of rows that came since.",
            *(
                f"{step[0].upper()}{step[1:]}: {said}"
                for step, found in zip(_STEPS, (rules, rows), strict=True)
                for said in found.sentences()
            ),
        )

    def _runs(self) -> Cells:
        names = ("published", "known then", "known now")
        runs = [*self.published_to_then.lines_of_runs(), self.then_to_now.lines_of_runs()[1]]
        return [{**row, "run": name} for name, row in zip(names, runs, strict=True)]

    def _segments(self) -> Cells:
        now = {
            (people.segmentation, size.segment): size.later
            for people in self.then_to_now.people
            for size in people.segments
        }
        then = {
            (people.segmentation, size.segment): size
            for people in self.published_to_then.people
            for size in people.segments
        }
        return [
            {
                "segmentation": segmentation,
                "segment": segment or "",
                "published": then[segmentation, segment].earlier if (segmentation, segment) in then else 0,
                "known then": then[segmentation, segment].later if (segmentation, segment) in then else 0,
                "known now": now.get((segmentation, segment), 0),
            }
            for segmentation, segment in dict.fromkeys([*then, *now])
        ]
