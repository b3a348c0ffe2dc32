"""`init`: propose the deployment's folder from files or tables."""

import argparse
from pathlib import Path

from include.tidemark.cli.clock import started_now
from include.tidemark.cli.command import Commands, add_command
from include.tidemark.settings import Settings

_DESCRIPTION = """\
Look at your files or tables, and write sources.yml and rules.yml with comments: which
table of the contract each source is, which of its columns become the table's, how its
dates and numbers are written. What was not sure is said at the end of each line.
Nothing but the two files is written, and no existing file is touched."""


def add_parser(sub: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        sub,
        "init",
        run_init,
        "write a configuration folder, proposed from your files or tables",
        description=_DESCRIPTION,
        examples=[
            "tidemark init --from exports/customers.csv exports/orders.csv",
            "tidemark init --from 'landing/orders/dt=*/*.parquet' landing/users.ndjson.gz",
            "tidemark init --from ANALYTICS.SHOP.CUSTOMERS ANALYTICS.SHOP.ORDERS",
            "tidemark init --to ../our-config",
        ],
    )
    parser.add_argument(
        "--from",
        dest="sources",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE_OR_TABLE",
        help="files, folders, patterns in quotes, or tables of the warehouse; without it both files are examples in comments",
    )
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FOLDER",
        help="where to write; by default TIDEMARK_CONFIG_DIR, else config/ of the project",
    )


def run_init(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the folder and say what was found."""
    # Looking at files needs what reading the published months does not.
    from include.tidemark.init.folder import closing_text, refuse_existing, write_folder
    from include.tidemark.init.look import look_at
    from include.tidemark.init.places import find_places
    from include.tidemark.init.propose import propose

    folder: Path = arguments.to.expanduser() if arguments.to else settings.config_dir
    refuse_existing(folder)
    places = find_places(arguments.sources, settings.landing_url, settings.warehouse)
    proposal = propose(look_at(places.found, settings), started_now())
    written = write_folder(proposal, folder)
    print(closing_text(proposal, places, written, settings))
    return 0
