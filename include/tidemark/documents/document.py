"""A YAML file of the deployment, with the line of each of its keys, and what is wrong with it in one
sentence."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError

from include.tidemark.documents.nearest import did_you_mean, did_you_mean_choice
from include.tidemark.errors import ContradictionError, SettingsError
from include.tidemark.shared_texts import in_a_line, shown

Place = tuple[str | int, ...]
"""Keys and positions that lead to a value, from the top of the file."""

Model = TypeVar("Model", bound=BaseModel)

_LONGEST_NAME = 200
_MOST_VALUES = 50_000
"""More than any deployment says: aliases within aliases would make billions."""
_TAGS = {
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "null": "nothing",
    "timestamp": "a date",
}
_TEXT_TAGS = ("str", "merge")
_OTHER_BASE = re.compile(r"[-+]?(0[0-9bxBX_].*|.*:.*)")
"""Numbers that YAML reads in base 2, 8, 16 or 60: 010 is 8, and 1:30 is 90."""


@dataclass(frozen=True)
class Document:
    """The content of one file."""

    path: Path
    content: dict[str, Any]
    lines: Mapping[Place, int]
    """The line, from 1, on which each key stands."""

    def where(self, place: Sequence[str | int]) -> str:
        """File and line of a value, or of the nearest that encloses it."""
        known = next(
            (tuple(place[:n]) for n in range(len(place), 0, -1) if tuple(place[:n]) in self.lines), ()
        )
        return f"{self.path}, line {self.lines[known]}" if known else str(self.path)

    def place_of(self, place: Place, error: object) -> Place:
        """The key below a place that contradicts others, where the error knows it and the file says it; else
        the place."""
        keys = error.keys if isinstance(error, ContradictionError) else ()
        return next(((*place, key) for key in keys if (*place, key) in self.lines), place)


def read_document(path: Path) -> Document:
    """Read a file whose top level is a mapping; an empty file is an empty mapping.

    Raises:
        SettingsError: it can't be read, is not YAML, has a key twice, or holds something else than a mapping.
    """
    root, content = _load(path)
    if content is None:
        return Document(path, {}, {})
    if not isinstance(content, dict):
        raise SettingsError(f"{path} must hold a mapping from names to values, not {_kind(content)}.")
    lines: dict[Place, int] = {}
    for number, (place, node) in enumerate(_keys(root, ())):
        line = node.start_mark.line + 1
        tag = node.tag.rpartition(":")[2]
        if isinstance(place[-1], str) and tag not in _TEXT_TAGS:
            raise SettingsError(
                f"{path}, line {line}: YAML reads the key {in_a_line(place[-1])} as {_TAGS.get(tag, 'no text')}; write it in quotes."
            )
        if place in lines:
            raise SettingsError(
                f"{path}, line {line}: the key '{_dotted(place)}' stands here a second time (first on line {lines[place]});"
                " remove one of them."
            )
        if number > _MOST_VALUES:
            raise SettingsError(
                f"{path} says more than {_MOST_VALUES:,} things; look at its aliases (*), and write out what they mean."
            )
        lines[place] = line
    return Document(path, {str(key): value for key, value in content.items()}, lines)


def _load(path: Path) -> tuple[yaml.Node | None, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_traps(path, root)
        return root, yaml.safe_load(text)
    except OSError as error:
        raise SettingsError(
            f"{path} can't be read ({error.strerror}); correct the path or its permissions."
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text; save it as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsError(
            f"{path}, line {line}: this is not valid YAML ({error.problem}); correct it."
        ) from None
    except RecursionError:
        raise SettingsError(f"{path} is nested too deeply; write it with fewer brackets.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError(f"{path} is not valid YAML ({type(error).__name__}); correct it.") from None


def validate(document: Document, model: type[Model], content: Any = None) -> Model:
    """The document as a typed model.

    Args:
        content: what is validated in place of the document's own content, such as defaults that the document
            overrides.

    Raises:
        SettingsError: the first thing that is wrong: file, line, key, what was found, what is allowed, the
            nearest known name.
    """
    try:
        return model.model_validate(document.content if content is None else content)
    except ValidationError as error:
        sentence = explain(document, model, first_of(error))
    # Not raised above, as it would hold pydantic's error: that keeps the frames of every caller, where no
    # collector sees them.
    raise SettingsError(sentence)


def first_of(error: ValidationError) -> Any:
    """The error to tell of: a name that nobody knows before all others, as it may be why another is
    missing."""
    return min(error.errors(include_url=False), key=lambda each: each["type"] != "extra_forbidden")


def explain(document: Document, model: type[BaseModel], error: Any) -> str:
    """One of pydantic's errors as a sentence about the file."""
    place = _place_in(
        document.content, error["loc"], keep_last=error["type"] in ("missing", "extra_forbidden")
    )
    place = document.place_of(place, error.get("ctx", {}).get("error"))
    where, key = document.where(place), _dotted(place)
    if error["type"] == "extra_forbidden":
        return f"{where}: {unknown_name(key, str(place[-1]), _names_at(model, place[:-1]))}"
    message = error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if error["type"] == "missing":
        return f"{where}: '{key}' is missing; add it."
    if error["type"] == "value_error":
        return (
            f"{where}: {f'{key}: ' if key else ''}{message.rstrip('.')}{'' if message.endswith('?') else '.'}"
        )
    found = error["input"]
    if error["type"] in ("string_type", "model_type") and not isinstance(found, str | list | dict):
        return f"{where}: YAML reads '{key}' as {_read_as(found)}, which it can't be; write a text in quotes."
    message = _EXPECTED.get(error["type"], message)
    hint = did_you_mean_choice(error) or "."
    return f"{where}: '{key}' can't be used: {message} (found {shown(found)}){hint}"


_EXPECTED = {
    "string_type": "it must be one text",
    "model_type": "it must be a mapping of keys to values",
    "dict_type": "it must be a mapping of keys to values",
    "tuple_type": "it must be a list",
    "list_type": "it must be a list",
}


def _read_as(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    return "a number" if isinstance(value, int | float) else "a date"


def unknown_name(key: str, name: str, known: Sequence[str], *, may_list: bool = True) -> str:
    """The sentence about a name that nobody knows: the nearest known one, then all of them where they are
    few.

    Args:
        may_list: false where the names may be a person's data, as the first line of a file without a header
            is; one that is nearly the same as what was asked for is none.
    """
    hint = did_you_mean(name, known) or "."
    listed = f" Known names: {', '.join(known)}." if may_list and 0 < len(known) <= 30 else ""
    return f"'{in_a_line(key, _LONGEST_NAME)}' is not known{hint}{listed}"


def _refuse_traps(path: Path, root: yaml.Node | None) -> None:
    """Refuse a value that holds itself, or that is a number by its value only; each node is looked at
    once."""
    seen: set[int] = set()

    def look(node: yaml.Node, above: frozenset[int]) -> None:
        if id(node) in above:
            raise SettingsError(
                f"{path}, line {node.start_mark.line + 1}: what stands here holds itself by an alias (*); write it out."
            )
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            return
        for value in node.value:
            parts = value if isinstance(value, tuple) else (value,)
            _refuse_other_number(path, parts[-1])
            for part in parts:
                look(part, above | {id(node)})
        seen.add(id(node))

    if root is not None:
        look(root, frozenset())


def _refuse_other_number(path: Path, node: yaml.Node) -> None:
    if node.tag.endswith((":int", ":float")) and _OTHER_BASE.fullmatch(node.value):
        raise SettingsError(
            f"{path}, line {node.start_mark.line + 1}: YAML reads {node.value} as another number; write it in plain digits, or a text"
            " in quotes."
        )


def _keys(node: yaml.Node | None, place: Place) -> Iterator[tuple[Place, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            yield inner, key
            yield from _keys(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*place, number), value
            yield from _keys(value, (*place, number))


def _place_in(content: Any, location: Sequence[str | int], *, keep_last: bool) -> Place:
    """Pydantic's location without its own names for the members of unions."""
    place: list[str | int] = []
    for part in location:
        if (isinstance(content, dict) and part in content) or (
            isinstance(content, list) and isinstance(part, int) and part < len(content)
        ):
            content = content[cast("Any", part)]
        elif not (keep_last and part == location[-1]):
            continue
        place.append(part)
    return tuple(place)


def _names_at(model: type[BaseModel], place: Place) -> list[str]:
    """The keys that a model allows at a place."""
    schema = model.model_json_schema(by_alias=True)
    found = _properties(schema, schema, place)
    return sorted(found)


def _properties(schema: dict[str, Any], root: dict[str, Any], place: Place) -> set[str]:
    if "$ref" in schema:
        return _properties(root["$defs"][schema["$ref"].rpartition("/")[2]], root, place)
    branches = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    found = {name for branch in branches for name in _properties(branch, root, place)}
    if not place:
        return found | set(schema.get("properties", ()))
    inner = (
        schema.get("properties", {}).get(place[0])
        or schema.get("items")
        or schema.get("additionalProperties")
    )
    return found | (_properties(inner, root, place[1:]) if isinstance(inner, dict) else set())


def _dotted(place: Sequence[str | int]) -> str:
    return ".".join(in_a_line(str(part)) for part in place)


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else "a single value"
