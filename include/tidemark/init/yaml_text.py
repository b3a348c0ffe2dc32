"""Lines of YAML with comments: what is written by hand here reads back as the value that it was made of."""

import os
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

_WIDTH = 120


def scalar(value: Any) -> str:
    r"""One value on one line, in quotes where YAML would take it for something else.

    >>> scalar("no"), scalar('"Order No"'), scalar("%d.%m.%Y"), scalar({"paid": "posted"}), scalar(None)
    ("'no'", '\'"Order No"\'', "'%d.%m.%Y'", '{paid: posted}', 'null')
    """
    text: str = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, width=float("inf"), sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")


def comment(text: str, indent: int = 0) -> list[str]:
    """A text as lines of comment."""
    start = " " * indent + "# "
    return textwrap.wrap(
        one_line(text),
        _WIDTH,
        initial_indent=start,
        subsequent_indent=start,
        break_long_words=False,
        break_on_hyphens=False,
    )


def with_doubts(line: str, doubts: Iterable[str]) -> str:
    """A line that ends in what is not sure about it."""
    said = "; ".join(one_line(doubt) for doubt in doubts if doubt)
    return f"{line}  # not sure: {said}" if said else line


def one_line(text: str) -> str:
    """A text without what would end a comment: line breaks and other control characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def header(schema: Path, folder: Path, lines: Sequence[str]) -> list[str]:
    """The first lines of a file: where editors find its schema, and what it is."""
    return [
        f"# yaml-language-server: $schema={schema_address(schema, folder)}",
        *(f"# {line}" for line in lines),
    ]


def schema_address(schema: Path, folder: Path) -> str:
    """The schema as seen from the folder; its whole path where the two have no more in common than the
    root."""
    here = Path(os.path.abspath(folder))  # noqa: PTH100 - the folder may not exist yet, and links are left alone
    common = os.path.commonpath([schema, here])
    return schema.as_posix() if common == schema.anchor else Path(os.path.relpath(schema, here)).as_posix()
