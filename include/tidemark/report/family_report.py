"""What the report asks of a family."""

from typing import Protocol

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.families.family import Part
from include.tidemark.report.parts import ReportPart
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Warehouse


class ReportModule(Protocol):
    """The module `report` of a family."""

    def report_part(self, run: Run, warehouse: Warehouse, results: StatisticRows, /) -> ReportPart:
        """Its key figures and sections.

        Args:
            results: the statistics of this family alone.
        """
        ...


REPORT_PART: Part[ReportModule] = Part("report")
