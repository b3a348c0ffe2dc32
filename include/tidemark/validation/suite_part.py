"""What the gate asks of a family."""

from collections.abc import Sequence
from typing import Protocol

from include.tidemark.families.family import Part
from include.tidemark.run import Run
from include.tidemark.validation.checks import Asset


class SuitePart(Protocol):
    """The module `suite` of a family: what must hold before publication."""

    def candidate(self, run: Run, /) -> Sequence[Asset]:
        """Of the tables that the models made."""
        ...

    def statistics(self, run: Run, /) -> Sequence[Asset]:
        """Of what its questions answered."""
        ...


SUITE: Part[SuitePart] = Part("suite")
