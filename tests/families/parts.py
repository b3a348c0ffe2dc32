"""Every family's modules as what the pipeline asks of them. mypy reads this file; `test_parts.py` sees that
none is left out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from include.tidemark.accounting.family_account import TableAccount
from include.tidemark.artifacts.parts import ArtifactsPart
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.families.comparison_part import ComparisonPart
from include.tidemark.pipeline.estimate import Question
from include.tidemark.report.family_report import ReportModule
from include.tidemark.run import Run
from include.tidemark.validation.checks import Asset
from include.tidemark.warehouse.base import Warehouse

if TYPE_CHECKING:
    from include.tidemark.report.parts import ReportPart
    from include.tidemark.statistics.change_rows import ChangeRow


@dataclass(frozen=True)
class Parts:
    """What a family is made of."""

    artifacts: ArtifactsPart | None
    """None: its `tables.yml` says all of its files."""
    report: ReportModule
    values: Callable[[Run], Mapping[str, Any]]
    """What the texts of its `checks.yml` and `account.yml` name."""
    questions: tuple[Question, ...]
    comparison: ComparisonPart
    """How its numbers changed."""


def early_engagement() -> Parts:
    from include.tidemark.families.early_engagement import (
        artifacts,
        comparison,
        questions,
        report,
        values,
    )

    asked = (questions.usage, questions.drivers)
    return Parts(artifacts, report, values.values, asked, comparison)


def engagement() -> Parts:
    from include.tidemark.families.engagement import (
        artifacts,
        comparison,
        questions,
        report,
        values,
    )

    asked = (questions.segments, questions.retention, questions.funnel)
    return Parts(artifacts, report, values.values, asked, comparison)


def fee_tiers() -> Parts:
    from include.tidemark.families.fee_tiers import (
        comparison,
        questions,
        report,
        values,
    )

    asked = (
        questions.tier_retention,
        questions.fee_effect_on_retention,
        questions.tier_value,
        questions.trade_sizes,
        questions.fee_elasticity,
    )
    return Parts(None, report, values.values, asked, comparison)


def planners() -> Parts:
    from include.tidemark.families.planners import (
        artifacts,
        comparison,
        questions,
        report,
        values,
    )

    asked = (questions.shares, questions.weeks, questions.comparison)
    return Parts(artifacts, report, values.values, asked, comparison)


PARTS = {made.__name__: made for made in (early_engagement, engagement, fee_tiers, planners)}


def declared_files(
    name: str, run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> tuple[Sequence[PublishedTable], Sequence[WrittenFile], Mapping[str, Any]]:
    """What reads `tables.yml` and `definitions.yml` takes the family's name first. Nothing calls this."""
    from include.tidemark.artifacts import family_definitions, wide_tables

    files = wide_tables.export(name, run, warehouse, results, ids, target)
    return wide_tables.published_tables(name, run), files, family_definitions.definitions(name, run)


def declared_parts(name: str, run: Run) -> tuple[Mapping[str, TableAccount], list[Sequence[Asset]]]:
    """What reads the files of a family takes its name first. Nothing calls this."""
    from include.tidemark.accounting import declared_account
    from include.tidemark.validation import family_suites

    read: list[Sequence[Asset]] = [family_suites.candidate(name, run), family_suites.statistics(name, run)]
    return declared_account.account(name, run), read


def declared_segmentation(
    name: str, run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> tuple[object, ...]:
    """The modules of declared segmentations take the name first; nothing calls this."""
    from include.tidemark.segmentations import (
        account,
        artifacts,
        comparison,
        definitions,
        questions,
        report,
        suite,
    )

    accounts: Mapping[str, TableAccount] = account.account(name, run)
    tables: Sequence[PublishedTable] = artifacts.published_tables(name, run)
    files: Sequence[WrittenFile] = artifacts.export(name, run, warehouse, results, ids, target)
    words: Mapping[str, Any] = definitions.definitions(name, run)
    part: ReportPart = report.report_part(name, run, warehouse, results)
    assets: list[Sequence[Asset]] = [suite.candidate(name, run), suite.statistics(name, run)]
    answers = [
        ask(name, run, warehouse) for ask in (questions.profile, questions.movement, questions.backtest)
    ]
    changes: Sequence[ChangeRow] = comparison.changes(name, run, warehouse)
    return accounts, tables, files, words, part, assets, answers, changes
