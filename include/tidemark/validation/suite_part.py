"""What the gate asks of a family."""

from collections.abc import Sequence
from typing import Protocol

from include.tidemark.families.family import Part
from include.tidemark.run import Run
from include.tidemark.validation.checks import Asset


class SuitePart(Protocol):
    """What must hold before publication: the `checks.yml` of a family, or its module `suite` where it adds to
    that."""

    def candidate(self, run: Run, /) -> Sequence[Asset]:
        """Of the tables that the models made."""
        ...

    def statistics(self, run: Run, /) -> Sequence[Asset]:
        """Of what its questions answered."""
        ...


SUITE: Part[SuitePart] = Part("suite", "include.tidemark.validation.family_suites")
