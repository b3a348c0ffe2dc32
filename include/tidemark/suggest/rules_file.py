"""The proposal as a `rules.yml`: what is in the deployment's file stays, with its comments, and only proposed
rules change."""

import os
import secrets
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from include.tidemark.config.schemas import SCHEMA_FILES
from include.tidemark.errors import SettingsError
from include.tidemark.init.yaml_text import header
from include.tidemark.rules import Rules
from include.tidemark.settings import Settings
from include.tidemark.suggest.finders import Threshold, Thresholds

RULES_FILE = "rules.yml"

_MARK = "# suggest-rules as of "
"""Begins the comment above each proposed rule; a later proposal replaces such a comment, and no other."""
_HEAD = "The rules of this deployment. Each overrides the default of the same name in dbt/dbt_project.yml."


class RulesFileError(SettingsError):
    """The rules file can't be changed by a program."""


@dataclass(frozen=True)
class Change:
    """One rule as it will be in the file."""

    value: str
    comment: str


def rules_path(settings: Settings) -> Path:
    """Where `--write` writes."""
    return settings.config_dir / RULES_FILE


def current_text(settings: Settings) -> str:
    """The rules file as it is, of which the proposal is a change; empty where there is none.

    Raises:
        SettingsError: it can't be read.
    """
    path = settings.rules_file or rules_path(settings)
    try:
        # Line ends are kept as they are.
        with path.open(encoding="utf-8-sig", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SettingsError(f"{path} can't be read ({error.strerror}); correct its permissions.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text; save it as UTF-8.") from None


def changed_text(text: str, changes: Thresholds, today: Rules, as_of_date: date, folder: Path) -> str:
    """The text of a rules file with the proposed rules in it, each below a comment that says where it comes
    from.

    Args:
        text: of the file as it is; empty for a new one.
        today: for the values before, which the comments keep.
        folder: where the file will stand.

    Raises:
        RulesFileError: it is YAML of a kind whose lines can't be changed one by one.
    """
    if not changes:
        return text
    lines = _lines(changes, today, as_of_date)
    if not text.strip():
        text += "".join(f"{line}\n" for line in header(SCHEMA_FILES[RULES_FILE], folder, [_HEAD]))
    before = yaml.safe_load(text) or {}
    line_end = "\r\n" if "\r\n" in text else "\n"
    changed = _replaced(text, lines, line_end)
    changed += _appended(
        changed, {name: line for name, line in lines.items() if name not in before}, line_end
    )
    if _content(changed) != before | {name: threshold.value for name, threshold in changes.items()}:
        raise RulesFileError(
            f"{RULES_FILE} is written in a way that can't be changed line by line, such as {{a: 1}} or with anchors;"
            " write one rule per line, or put the proposed rules into it yourself."
        )
    return changed


def proposed_text(changes: Thresholds, today: Rules, as_of_date: date) -> str:
    """The proposed rules alone, as they will be in the file: each below its comment."""
    lines = _lines(changes, today, as_of_date)
    return "\n".join(f"{line.comment}\n{name}: {line.value}" for name, line in lines.items())


def refuse_unwritable(settings: Settings) -> None:
    """Say before the work what would stop its result from being written.

    Raises:
        SettingsError: rules are read from elsewhere, or the configuration folder can't be written.
    """
    path = rules_path(settings)
    if settings.rules_file is not None:
        raise SettingsError(
            f"TIDEMARK_RULES_FILE names {settings.rules_file}, so rules in {path} would not count; move that file to {path} and"
            " unset the variable, or leave out --write and copy what you want."
        )
    if not path.parent.is_dir():
        raise SettingsError(
            f"The configuration folder {path.parent} does not exist; correct TIDEMARK_CONFIG_DIR, or make it with `tidemark init`."
        )
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise SettingsError(f"{path} can't be written; correct the permissions, or leave out --write.")


def write_rules(settings: Settings, text: str) -> Path:
    """Replace the rules file of the configuration folder, whole or not at all; returns where it is.

    Raises:
        SettingsError: it can't be written; it is as it was.
    """
    path = rules_path(settings).resolve()
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else None
        with part.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
        if mode is not None:
            part.chmod(mode)
        part.replace(path)
    except OSError as error:
        raise SettingsError(f"{path} can't be written ({error.strerror}); it is as it was.") from None
    finally:
        part.unlink(missing_ok=True)
    return path


def _lines(changes: Thresholds, today: Rules, as_of_date: date) -> dict[str, Change]:
    return {
        name: Change(_scalar(threshold.value), _comment(threshold, getattr(today, name), as_of_date))
        for name, threshold in changes.items()
    }


def _replaced(text: str, lines: dict[str, Change], line_end: str) -> str:
    """The text with the values of the rules that are in it, from its end on so that places stay true."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    for key, value in reversed(pairs):
        if change := lines.get(key.value):
            text = text[: value.start_mark.index] + change.value + text[value.end_mark.index :]
            at = key.start_mark.index
            before = text[:at].splitlines(keepends=True)
            if before and before[-1].startswith(_MARK):
                before.pop()
            text = "".join(before) + change.comment + line_end + text[at:]
    return text


def _appended(text: str, lines: dict[str, Change], line_end: str) -> str:
    """What comes behind the text: the rules that are not in it."""
    if not lines:
        return ""
    start = line_end if text.endswith("\n") else 2 * line_end
    return start + "".join(
        f"{line.comment}{line_end}{name}: {line.value}{line_end}" for name, line in lines.items()
    )


def _comment(threshold: Threshold, before: int | float, as_of_date: date) -> str:
    return f"{_MARK}{as_of_date}: {threshold.why} Before: {_scalar(before)}."


def _scalar(value: int | float) -> str:
    return yaml.safe_dump(value).splitlines()[0]


def _content(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None
