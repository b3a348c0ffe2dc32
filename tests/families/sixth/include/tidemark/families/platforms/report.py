"""This family's part of the report."""

from include.tidemark.artifacts.model_tables import model_rows, model_table
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.report import words
from include.tidemark.report.numbers import number
from include.tidemark.report.parts import KeyFigure, ReportPart, Section
from include.tidemark.report.templating import render_section
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Warehouse


def report_part(run: Run, warehouse: Warehouse, results: StatisticRows) -> ReportPart:
    """The key figure and the one section of the platforms."""
    rows = [
        {
            "name": row["platform"],
            "share": number(results.at("weekend_share", row["platform"]), words.percent),
        }
        for row in model_rows(model_table("data/platform_users"), run, warehouse)
    ]
    body = render_section("platforms", "platforms", {"rows": rows})
    return ReportPart(
        title="Platforms",
        key_figures=(KeyFigure("Largest platform", rows[0]["name"], rows[0]["share"].value),),
        sections=(Section("platforms", "Sign-ups at weekends", body, ("data/platform_users.csv",)),),
        topics=("trust",),
    )
