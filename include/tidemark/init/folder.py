"""The folder that `tidemark init` writes, and what it says when it has done so."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from include.tidemark.config.folder import RULES, SOURCES
from include.tidemark.errors import SettingsError
from include.tidemark.families import known_families
from include.tidemark.init.places import Places
from include.tidemark.init.proposal import Proposal, TableProposal
from include.tidemark.init.rules_text import rules_text
from include.tidemark.init.sources_text import sources_text
from include.tidemark.settings import Settings
from include.tidemark.sources.contract import source_tables


def refuse_existing(folder: Path) -> None:
    """Hold back before anything is looked at: what is in a folder is the deployment's own work.

    Raises:
        SettingsError: the folder is a file, can't be read, or holds one of the two files.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise SettingsError(f"{folder} is a file, not a folder; name another place with --to.")
        there = [folder / name for name in (SOURCES, RULES) if (folder / name).exists()]
    except OSError as error:
        raise SettingsError(
            f"{folder} can't be read ({error.strerror}); correct its permissions, or name another by --to."
        ) from None
    if there:
        files = " and ".join(str(file) for file in there)
        raise SettingsError(
            f"{files} {'exists' if len(there) == 1 else 'exist'} already and {'is' if len(there) == 1 else 'are'} left alone; write the"
            " proposal to another folder with --to FOLDER, or move the old files away."
        )


def write_folder(proposal: Proposal, folder: Path) -> list[Path]:
    """Write both files; returns where they are.

    Raises:
        SettingsError: the folder can't be written, or a file came into being meanwhile.
    """
    texts = {folder / SOURCES: sources_text(proposal, folder), folder / RULES: rules_text(proposal, folder)}
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            with file.open("x", encoding="utf-8") as stream:
                written.append(file)
                stream.write(text)
    except OSError as error:
        for file in written:  # one without the other would block the next try
            file.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            raise SettingsError(
                f"{error.filename} exists already and is left alone; write to another folder with --to FOLDER."
            ) from None
        raise SettingsError(
            f"{folder} can't be written ({error.strerror}); correct its permissions, or name another folder with --to."
        ) from None
    return written


def closing_text(proposal: Proposal, places: Places, written: Sequence[Path], settings: Settings) -> str:
    """What was found, what it is good for, and what to do next."""
    lines = [_found(table) for table in proposal.tables]
    lines += [_left(look.named, like) for look, like in proposal.left]
    lines += ["", *(f"Wrote {_shown(file)}" for file in written), ""]
    lines += _allowed(proposal, settings)
    exports = _exports(proposal, places, written[0].parent, settings)
    if exports:
        lines += ["", "First, in this shell and wherever it runs:", *(f"  export {each}" for each in exports)]
    as_of = proposal.as_of.isoformat() if proposal.as_of else "YYYY-MM-DD"
    lines += [
        "",
        "Next, look at the lines that end in 'not sure', then:"
        if proposal.tables
        else "Next, fill in both files, then:",
        "  tidemark doctor",
        f"  tidemark run --as-of {as_of}",
        *([f"  tidemark suggest-rules --as-of {as_of}"] if _has_customers(proposal) else []),
    ]
    return "\n".join(lines).lstrip("\n")


def _has_customers(proposal: Proposal) -> bool:
    """Whether there may be customers, whose thresholds `suggest-rules` fits."""
    return not proposal.tables or any(table.table.name == "transactions" for table in proposal.tables)


def _found(table: TableProposal) -> str:
    columns = len(table.table.file_columns)
    text = f"{table.look.named} -> {table.table.name}: {len(table.mapped)} of {columns} columns mapped, {table.unsure} not sure"
    return text + (f"; not usable yet, it has no {' and no '.join(table.lacking)}" if table.lacking else "")


def _left(named: str, like: str | None) -> str:
    if like is None:
        return f"{named} -> left out: it is like no table of the contract"
    return f"{named} -> left out: it is like {like}, but another source is more so; put both into one view or one pattern of files"


def _shown(file: Path) -> str:
    try:
        return str(file.relative_to(Path.cwd()))
    except ValueError:
        return str(file)


def _allowed(proposal: Proposal, settings: Settings) -> list[str]:
    if not proposal.tables and not proposal.left:
        return [
            "Nothing was looked at: name your files or tables with --from, and this command proposes how to read them."
        ]
    families = _families(proposal)
    if families:
        return [
            f"These tables are enough for the families {', '.join(families)}.",
            *_without(proposal, families),
        ]
    usable = {table.table.name for table in proposal.usable}
    missing = {
        name: [each for each in family.sources if each not in usable]
        for name, family in known_families().items()
    }
    nearest = min(missing, key=lambda name: (len(missing[name]), name not in settings.families))
    lines = [f"That is enough for no family yet; {nearest} also needs:"]
    lines += [f"  {name}: {source_tables()[name].description}" for name in missing[nearest]]
    if "users" in missing[nearest] and usable:
        lines.append(
            "  (for users, a view with one row per user and the time of the first event or purchase will do)"
        )
    return lines


def _without(proposal: Proposal, families: Sequence[str]) -> list[str]:
    """What families have to do without."""
    usable = {table.table.name for table in proposal.usable}
    missing = {
        name: [each for each in known_families()[name].optional_sources if each not in usable]
        for name in families
    }
    return [
        f"{name} can do without {' and '.join(tables)}: what it makes of {'it' if len(tables) == 1 else 'them'} is null then."
        for name, tables in missing.items()
        if tables
    ]


def _families(proposal: Proposal) -> list[str]:
    usable = {table.table.name for table in proposal.usable}
    return [name for name, family in known_families().items() if set(family.sources) <= usable]


def _exports(proposal: Proposal, places: Places, folder: Path, settings: Settings) -> list[str]:
    exports = []
    if places.root is not None and settings.landing_url is None:
        exports.append(f"TIDEMARK_LANDING_URL={shlex.quote(places.root)}")
    if folder.resolve() != settings.config_dir.resolve():
        exports.append(f"TIDEMARK_CONFIG_DIR={shlex.quote(str(folder.resolve()))}")
    families = _families(proposal)
    if families and set(families) != set(settings.families):
        exports.append(f"TIDEMARK_FAMILIES={','.join(families)}")
    return exports
