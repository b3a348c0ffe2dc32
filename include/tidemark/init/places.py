"""Where what a person names is: a pattern of files below the landing URL, or a table of the warehouse."""

import glob
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from include.tidemark.errors import SettingsError, SourceError
from include.tidemark.sources.relations import parse_relation

_MAGIC = re.compile(r"[*?[]")
_DATA_SUFFIX = re.compile(
    r"\.(csv|tsv|txt|dat|parquet|pq|ndjson|jsonl|json|xlsx?|zip|avro|orc)(\.(gz|zst|bz2|zip))?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class FilesPlace:
    """Files below a landing URL."""

    root: str
    """The landing URL."""
    pattern: str
    """As `files` in sources.yml takes it."""

    @property
    def named(self) -> str:
        """What people call it."""
        return self.pattern


@dataclass(frozen=True)
class TablePlace:
    """A table or view of the warehouse."""

    relation: str

    @property
    def named(self) -> str:
        """What people call it."""
        return self.relation


@dataclass(frozen=True)
class Places:
    """Everything that was named."""

    found: tuple[FilesPlace | TablePlace, ...]
    root: str | None
    """The landing URL of the files, where there are any."""


def find_places(names: Sequence[str], landing_url: str | None, dialect: str) -> Places:
    """Tell files from tables, and see each file from the landing URL.

    Without a landing URL the folder that the files have in common stands for it.

    Raises:
        SourceError: a name is neither, or a file is not there, or not below the landing URL.
    """
    found: list[str | TablePlace] = []
    for name in dict.fromkeys(names):
        found += [name] if _is_file(name, landing_url) else [TablePlace(_relation(name, dialect))]
    files = [each for each in found if isinstance(each, str)]
    if not files:
        return Places(tuple(each for each in found if isinstance(each, TablePlace)), None)
    seen = {name: _absolute(name, landing_url) for name in files}
    root = landing_url.rstrip("/") if landing_url else _common_folder(list(seen.values()))
    tables = [each for each in found if isinstance(each, TablePlace)]
    patterns = [pattern for name in files for pattern in _patterns(name, seen[name], root)]
    return Places((*(FilesPlace(root, pattern) for pattern in _grouped(patterns)), *tables), root)


def local_folder(url: str) -> Path | None:
    """The folder of this machine that a URL names; None for object storage."""
    if "://" not in url:
        return Path(url)
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _is_file(name: str, landing_url: str | None) -> bool:
    if "/" in name or _MAGIC.search(name) or _DATA_SUFFIX.search(name):
        return True
    folder = local_folder(landing_url) if landing_url else None
    return Path(name).exists() or (folder is not None and (folder / name).exists())


def _relation(name: str, dialect: str) -> str:
    try:
        parse_relation(name, dialect)
    except SettingsError:
        raise SourceError(
            f"'{name}' is no file, and no name of a table such as ANALYTICS.SHOP.ORDERS; correct it."
        ) from None
    return name.strip()


def _absolute(name: str, landing_url: str | None) -> str:
    """A URL or an absolute path, with the pattern signs that it has."""
    folder = local_folder(name) if "://" in name else None
    if "://" in name and folder is None:
        return name
    path = folder or Path(name).expanduser()
    below = local_folder(landing_url) if landing_url else Path()
    if below is None:  # object storage: only a name below it can be meant
        return name if path.is_absolute() else f"{(landing_url or '').rstrip('/')}/{name}"
    tried = [Path(os.path.abspath(path))]  # noqa: PTH100 - without following links, which would leave the landing folder
    if landing_url and not path.is_absolute():
        tried.append(Path(os.path.abspath(below / path)))  # noqa: PTH100
    there = [each for each in tried if _exists(each)]
    inside = [each for each in there if landing_url and each.is_relative_to(os.path.abspath(below))]  # noqa: PTH100
    if not there:
        where = f" here or below {landing_url}" if landing_url and not path.is_absolute() else ""
        raise SourceError(f"There is no file {name}{where}; correct the name.")
    return str((inside or there)[0])


def _exists(path: Path) -> bool:
    try:
        return path.exists() or bool(_MAGIC.search(str(path)) and glob.glob(str(path), recursive=True))  # noqa: PTH207
    except OSError as error:
        raise SourceError(f"{path} can't be read ({error.strerror}); correct its permissions.") from None


def _common_folder(paths: list[str]) -> str:
    schemes = {path.partition("://")[0] if "://" in path else "file" for path in paths}
    if len(schemes) > 1:
        raise SourceError(
            "The files are in several stores, but all landing files must be below one URL; name those of one store."
        )
    scheme = schemes.pop()
    folders = [_folder_above(path.partition("://")[2] if "://" in path else path) for path in paths]
    try:
        common = os.path.commonpath(folders)
    except ValueError:
        common = ""
    if not common:
        raise SourceError(
            "The files have no folder in common, but all landing files must be below one URL; move them below one folder."
        )
    return Path(common).as_uri() if scheme == "file" else f"{scheme}://{common}"


def _folder_above(path: str) -> str:
    """The folder of a file, or of a folder that is one table; of a pattern, the folder before its first
    sign."""
    folder = Path(path)
    if folder.is_dir() and not _is_one_table(_entries(folder, path)):
        return path
    parts = path.split("/")
    plain = next((number for number, part in enumerate(parts) if _MAGIC.search(part)), len(parts) - 1)
    return "/".join(parts[: min(plain, len(parts) - 1)]) or "/"


def _patterns(name: str, path: str, root: str) -> list[str]:
    """What `files` takes for a file, a pattern or a folder."""
    folder = local_folder(root)
    if folder is None or "://" in path:
        if not path.startswith(root.rstrip("/") + "/"):
            raise SourceError(_not_below(name, root))
        return [path[len(root.rstrip("/")) + 1 :].rstrip("/")]
    local, base = Path(path), Path(os.path.abspath(folder))  # noqa: PTH100
    if not local.is_relative_to(base) and local.resolve().is_relative_to(base.resolve()):
        local, base = local.resolve(), base.resolve()
    if not local.is_relative_to(base):
        raise SourceError(_not_below(name, root))
    relative = local.relative_to(base).as_posix()
    if not local.exists():
        return [relative]
    if local.is_file():
        return [glob.escape(relative)]
    return [f"{prefix}{each}" for prefix in [_prefix(relative)] for each in _of_folder(local, name)]


def _not_below(name: str, root: str) -> str:
    return (
        f"{name} is not below the landing URL {root}, where the pipeline looks for files; move it there, or correct"
        " TIDEMARK_LANDING_URL."
    )


def _prefix(relative: str) -> str:
    return "" if relative == "." else f"{glob.escape(relative)}/"


def _entries(folder: Path, name: str) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise SourceError(
            f"The folder {name} can't be read ({error.strerror}); correct its permissions."
        ) from None


def _written_by_spark(entries: list[Path]) -> bool:
    return any(entry.name == "_SUCCESS" or entry.name.startswith("part-") for entry in entries)


def _partition_key(entries: list[Path]) -> str | None:
    """The name that all folders `name=value` have."""
    keys = {entry.name.partition("=")[0] for entry in entries if "=" in entry.name and entry.is_dir()}
    return keys.pop() if len(keys) == 1 else None


def _is_one_table(entries: list[Path]) -> bool:
    return _written_by_spark(entries) or _partition_key(entries) is not None


def _of_folder(folder: Path, name: str, *, inside: bool = False) -> list[str]:
    """Patterns below a folder: each file in it, the files of its partitions, or itself where Spark wrote
    it."""
    entries = _entries(folder, name)
    if _written_by_spark(entries) and not inside:
        return [""]
    if key := _partition_key(entries):
        first = next(entry for entry in entries if entry.name.startswith(f"{key}="))
        patterns = dict.fromkeys(map(_any_of, _of_folder(first, name, inside=True)))
        return [f"{glob.escape(key)}=*/{each}" for each in patterns]
    shown = [entry for entry in entries if not entry.name.startswith(("_", "."))]
    found = [
        glob.escape(entry.name) for entry in shown if entry.is_file() and _DATA_SUFFIX.search(entry.name)
    ]
    if not inside:  # a folder of several tables may have one folder for each
        for entry in shown:
            if entry.is_dir() and any(
                each.is_file() or "=" in each.name for each in _entries(entry, str(entry))
            ):
                below = _of_folder(entry, str(entry), inside=_is_partition(entry))
                found += [f"{glob.escape(entry.name)}/{each}" for each in below]
    if not found:
        raise SourceError(
            f"The folder {name} holds no file of data (.csv, .parquet, .ndjson and the like); name the files, or another folder."
        )
    return found


def _is_partition(folder: Path) -> bool:
    return "=" in folder.name


def _any_of(pattern: str) -> str:
    """Every file with the suffix of one."""
    folder, slash, name = pattern.rpartition("/")
    suffix = _DATA_SUFFIX.search(name)
    return f"{folder}{slash}*{suffix.group()}" if suffix else pattern


def _grouped(patterns: list[str]) -> list[str]:
    """One pattern for files whose names differ by numbers alone, such as one a day."""
    groups: dict[str, list[str]] = {}
    for pattern in patterns:
        folder, slash, name = pattern.rstrip("/").rpartition("/")
        suffix = _DATA_SUFFIX.search(name)
        stem, end = (name[: suffix.start()], suffix.group()) if suffix else (name, "")
        plain = not _MAGIC.search(name)
        groups.setdefault(
            f"{folder}{slash}{re.sub(r'[0-9]+', '*', stem)}{end}" if plain else pattern.rstrip("/"), []
        ).append(pattern.rstrip("/"))
    return [members[0] if len(members) == 1 else group for group, members in groups.items()]
