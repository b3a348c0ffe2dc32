"""`segmentation check` and `segmentation new`: a segmentation of one's own, tried on the newest published
month before it runs."""

import argparse
import sys
from pathlib import Path
from typing import Any

from include.tidemark.cli.command import Commands, add_command
from include.tidemark.cli.output import json_text, render
from include.tidemark.errors import SettingsError
from include.tidemark.settings import Settings

_NEW = """\
# yaml-language-server: $schema={schema}
# A segmentation of your own: `tidemark segmentation check {name}` tries it on the newest published month; the next run computes it.
# The features that conditions can name: docs/segmentations.md.
name: {name}
title: {title}
of: {population}                     # customers have a purchase, users have signed up
segments:                         # in order; the first whose condition holds
{segments}
means: [{mean}]
"""
_EXAMPLES = {
    "customers": ("spend_last_90_days", ("percentile(spend_last_90_days) >= 0.9", "days_since_last_purchase > 60")),
    "users": ("days_since_signup", ("days_since_signup <= 30", "days_since_signup <= 90")),
}  # fmt: skip


def add_parser(sub: Commands) -> None:
    """Declare the command and its two parts."""
    parser = add_command(
        sub,
        "segmentation",
        run_without_part,
        "segmentations of your own: check one, or begin one",
        examples=["tidemark segmentation new loyalty", "tidemark segmentation check loyalty"],
    )
    parts = parser.add_subparsers(dest="part", required=True, metavar="part")
    check = add_command(
        parts,
        "check",
        run_check,
        "what a segmentation's file would do to the newest published month",
        description="What a segmentation's file would do to the newest published month: how large its segments are, where the order\n"
        "decides, who is near a threshold, and who would move. Nothing is written.",
        examples=[
            "tidemark segmentation check loyalty",
            "tidemark segmentation check drafts/loyalty.yml --format json",
        ],
    )
    check.add_argument(
        "file",
        help="the file, or the name of one in segmentations/ of the configuration folder or of the project",
    )
    check.add_argument("--format", choices=("table", "json"), default="table", help="table (default) or json")
    new = add_command(
        parts,
        "new",
        run_new,
        "begin a segmentation: a file to fill in",
        examples=["tidemark segmentation new loyalty", "tidemark segmentation new by_platform --of users"],
    )
    new.add_argument("name", help="lower-case letters, digits and underscores")
    new.add_argument(
        "--of", choices=tuple(_EXAMPLES), default="customers", help="who is segmented (customers by default)"
    )


def run_without_part(arguments: argparse.Namespace, settings: Settings) -> int:
    """Never called: argparse asks for a part."""
    raise AssertionError(arguments, settings)


def run_check(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print what the file would do."""
    # Imported here: dbt's environment and the warehouse take their time to load.
    from include.tidemark.examination.segmentation import examine, file_of

    given = Path(arguments.file)
    file = given if given.suffix or given.exists() else file_of(settings, arguments.file)
    found = examine(settings, file)
    blocks: dict[str, list[dict[str, Any]] | None] = {
        "sizes": found.sizes, "overlaps": found.overlaps, "boundaries": found.boundaries, "changes": found.changes,
    }  # fmt: skip
    if arguments.format == "json":
        print(
            json_text(
                {
                    "as_of_date": found.as_of_date.isoformat(),
                    "segmentation": found.segmentation.name,
                    **blocks,
                }
            )
        )
        return 0
    titles = {
        "sizes": f"{found.segmentation.title}, as of {found.as_of_date}",
        "overlaps": "Both conditions hold, so the order decides",
        "boundaries": "Near a threshold",
        "changes": "Against what is published",
    }
    nothing = {
        "overlaps": "Nobody meets two conditions.",
        "boundaries": "No condition has a threshold.",
        "changes": "Nobody would move.",
    }
    for name, rows in blocks.items():
        if rows is None:
            print(
                "\nThat month was published without this segmentation, so there is nothing to compare with."
            )
            continue
        print(("\n" if name != "sizes" else "") + titles[name])
        print(render(rows, "table") if rows else nothing.get(name, "Nobody."))
    return 0


def run_new(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write a file to fill in, and say what comes next."""
    import re

    from include.tidemark.config.schemas import SCHEMA_FILES
    from include.tidemark.enabled import SLUG
    from include.tidemark.examination.segmentation import file_of

    name = arguments.name
    if not re.fullmatch(SLUG, name):
        raise SettingsError(
            f"{name!r} can't name a segmentation: use lower-case letters, digits and underscores, up to 40, the first a letter."
        )
    file = file_of(settings, name)
    mean, conditions = _EXAMPLES[arguments.of]
    segments = [
        f"  - {{name: Segment {number}, when: {text}}}" for number, text in enumerate(conditions, start=1)
    ]
    text = _NEW.format(
        schema=SCHEMA_FILES["segmentation"],
        name=name,
        title=name.replace("_", " ").capitalize(),
        population=arguments.of,
        segments="\n".join([*segments, "  - {name: Everyone else}"]),
        mean=mean,
    )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as handle:
            handle.write(text)
    except FileExistsError:
        raise SettingsError(f"{file} exists already; edit it, or choose another name.") from None
    except OSError as error:
        raise SettingsError(
            f"{file} can't be written ({error.strerror}); correct TIDEMARK_CONFIG_DIR or its permissions."
        ) from None
    print(f"{file}\nNext: edit it, then `tidemark segmentation check {name}`.", file=sys.stdout)
    return 0
