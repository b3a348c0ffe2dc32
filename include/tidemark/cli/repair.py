"""`repair`: what is lost or damaged of the publications is shown, and made again."""

import argparse
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from include.tidemark.cli.command import Commands, add_command
from include.tidemark.cli.output import json_text, render
from include.tidemark.settings import Settings

if TYPE_CHECKING:
    from include.tidemark.upkeep.findings import Finding

_DESCRIPTION = """\
Hold ledger, views, pointers, manifests and every published file against each other,
and say what is wrong, what consumers see of it, and what puts it right. Nothing is
changed without --apply, which makes lost and damaged files, manifests and pointers
again from what the warehouse holds. A file takes its place only where its sha256 is
the published one; what can't be made so needs a new run of the month, which
--new-runs starts. Names that are not Tidemark's are left alone.

Exit code 1: something is wrong, or with --apply is still wrong."""


def add_parser(sub: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        sub,
        "repair",
        run_repair,
        "find what is lost or damaged of the publications, and make it again",
        description=_DESCRIPTION,
        examples=["tidemark repair", "tidemark repair --apply", "tidemark repair --apply --new-runs"],
    )
    parser.add_argument("--apply", action="store_true", help="make it again; without it nothing is changed")
    parser.add_argument(
        "--new-runs",
        action="store_true",
        help="with --apply: compute the months again whose files the warehouse does not give back",
    )
    parser.add_argument("--json", action="store_true", help="the findings, for a program")


def run_repair(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print what is wrong, and with --apply put it right; returns 1 while something is wrong."""
    from include.tidemark.errors import SettingsError
    from include.tidemark.pipeline.preflight import refuse_unreachable
    from include.tidemark.pipeline.repair import look, repair

    if arguments.new_runs and not arguments.apply:
        raise SettingsError("--new-runs starts runs, which publish; give it together with --apply.")
    if settings.warehouse == "duckdb" and not settings.duckdb_path.exists():
        raise SettingsError(
            f"There is no warehouse {settings.duckdb_path}, so nothing can be held against it; set TIDEMARK_DUCKDB_PATH to yours."
        )
    refuse_unreachable(settings)
    healed, left = repair(settings) if arguments.apply else ([], look(settings))
    print(_document(healed, left) if arguments.json else _page(healed, left))
    if arguments.new_runs and (days := _to_run_again(left)):
        _run_again(days, settings)
        left = look(settings)
        print(f"\n{_ending(left)}")
    return int(any(each.is_problem for each in left))


def _to_run_again(left: "Sequence[Finding]") -> list[date]:
    """The months that need a new run, the oldest first, because each is compared with the one before."""
    return sorted({each.as_of_date for each in left if each.heal == "new run" and each.as_of_date})


def _run_again(days: Sequence[date], settings: Settings) -> None:
    from include.tidemark.cli.run import compute_again

    for day in days:
        compute_again(day, settings, "repair: the run before could not be made again")


def _document(healed: "Sequence[Finding]", left: "Sequence[Finding]") -> str:
    return json_text({
        "made_again": [each.model_dump(mode="json") for each in healed],
        "findings": [each.model_dump(mode="json") for each in left],
    })  # fmt: skip


def _page(healed: "Sequence[Finding]", left: "Sequence[Finding]") -> str:
    from include.tidemark.upkeep.findings import folded

    told = folded(left)
    problems = [each for each in told if each.is_problem]
    others = [each for each in told if not each.is_problem]
    parts = [
        "\n".join(f"Made again: {each.where}" for each in folded(healed)),
        "\n\n".join(_words(each) for each in problems),
        render(
            [
                {
                    "left alone": each.where,
                    "why": f"{each.what} {each.action}".removesuffix(" It is left alone."),
                }
                for each in others
            ],
            "table",
        )
        if others
        else "",
        _ending(left),
    ]
    return "\n\n".join(part for part in parts if part)


def _words(each: "Finding") -> str:
    return "\n".join([each.where, f"  found      {each.what}", f"  consumers  {each.consumers}", f"  to do      {each.action}"])  # fmt: skip


def _ending(left: "Sequence[Finding]") -> str:
    problems = sum(each.is_problem for each in left)
    if not problems:
        return "Ledger, views, pointers, manifests and files agree."
    return f"{problems} {'thing is' if problems == 1 else 'things are'} not as published."
