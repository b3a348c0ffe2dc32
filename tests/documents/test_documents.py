"""A YAML file of the deployment: what is wrong with it is one sentence with its file, line, key and the
nearest known name."""

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, StrictStr, field_validator

from include.tidemark.documents.document import Document, read_document, unknown_name, validate
from include.tidemark.errors import SettingsError
from include.tidemark.rules import load_rules


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    colour: Literal["red", "blue"] = "red"
    names: tuple[StrictStr, ...] = ()
    size: int = Field(default=1, ge=1)

    @field_validator("size")
    @classmethod
    def _even(cls, value: int) -> int:
        if value == 13:
            raise ValueError("nobody wants 13")
        if value == 17:
            raise ValueError("17 is odd; did you mean 16?")
        return value


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: StrictStr
    first: Part | None = None
    parts: list[Part] = []
    by_name: dict[StrictStr, Part] = {}


def read(folder: Path, text: str | bytes) -> Document:
    file = folder / "some.yml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_document(file)


def refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(SettingsError) as caught:
        validate(read(folder, text), Whole)
    message = str(caught.value)
    assert message.startswith(str(folder / "some.yml")) and "\n" not in message and "pydantic" not in message
    assert not message.endswith("?.")
    return message.removeprefix(str(folder / "some.yml"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title: a\ntitel: b\n", ", line 2: 'titel' is not known; did you mean 'title'? Known names: by_name, first, parts, title."),
        ("title: a\nfirst:\n  # about it\n  color: red\n", ", line 4: 'first.color' is not known; did you mean 'colour'?"),
        ("title: a\nparts:\n  - colour: red\n  - size: 2\n    sise: 3\n", ", line 5: 'parts.1.sise' is not known; did you mean 'size'?"),
        ("title: a\nby_name:\n  one:\n    sise: 3\n", ", line 4: 'by_name.one.sise' is not known; did you mean 'size'?"),
        ("title: a\nfirst:\n  colour: green\n", ", line 3: 'first.colour' can't be used: Input should be 'red' or 'blue' (found 'green')."),
        ("title: a\nfirst:\n  colour: blu\n", ", line 3: 'first.colour' can't be used: Input should be 'red' or 'blue' (found 'blu'); did you mean 'blue'?"),
        ("title: a\nparts:\n- {size: 0}\n", ", line 3: 'parts.0.size' can't be used: Input should be greater than or equal to 1 (found 0)."),
        ("title: a\nfirst: {size: 13}\n", ", line 2: first.size: nobody wants 13."),
        ("title: a\nfirst: {size: 17}\n", ", line 2: first.size: 17 is odd; did you mean 16?"),
        ("first: {}\n", ": 'title' is missing; add it."),
        ("title: 5\n", ", line 1: YAML reads 'title' as a number, which it can't be; write a text in quotes."),
        ("title: no\n", ", line 1: YAML reads 'title' as false, which it can't be; write a text in quotes."),
        ("title: ~\n", ", line 1: YAML reads 'title' as nothing, which it can't be; write a text in quotes."),
        ("title: 2026-01-01\n", ", line 1: YAML reads 'title' as a date, which it can't be; write a text in quotes."),
        ("title: [a]\n", ", line 1: 'title' can't be used: it must be one text (found ['a'])."),
        ("title: a\nfirst:\n  names: [a, NULL]\n", ", line 3: YAML reads 'first.names.1' as nothing,"),
        ("title: a\nfirst:\n  names: a\n", ", line 3: 'first.names' can't be used: it must be a list (found 'a')."),
        ("title: a\nfirst: b\n", ", line 2: 'first' can't be used: it must be a mapping of keys to values (found 'b')."),
        ("title: a\nfirst: yes\n", ", line 2: YAML reads 'first' as true, which it can't be;"),
        ("title: a\nby_name:\n  yes: {}\n", ", line 3: YAML reads the key yes as true or false; write it in quotes."),
        ("title: a\nby_name:\n  'yes': {}\n  010: {}\n", ", line 4: YAML reads the key 010 as a number; write it in quotes."),
        ("title: a\nby_name: {~: {}}\n", ", line 2: YAML reads the key ~ as nothing; write it in quotes."),
        ("no: {}\n", ", line 1: YAML reads the key no as true or false; write it in quotes."),
        ("title: a\nfirst:\n  size: 1\n  colour: red\n  size: 2\n", ", line 5: the key 'first.size' stands here a second time (first on line 3);"),
        ("title: a\nsize: 010\n", ", line 2: YAML reads 010 as another number; write it in plain digits"),
        ("size: 1:30\n", ", line 1: YAML reads 1:30 as another number"),
        ("first: [0x10]\n", ", line 1: YAML reads 0x10 as another number"),
        ("size: 1:30.5\n", ", line 1: YAML reads 1:30.5 as another number"),
        ("title: a\ntitle: a\n", ", line 2: the key 'title' stands here a second time (first on line 1);"),
        ("title: a\n  first: b\n", ", line 2: this is not valid YAML (mapping values are not allowed here); correct it."),
        ("title: [a\n", ", line 2: this is not valid YAML"),
        ("title:\n\tb\n", ", line 2: this is not valid YAML (found character '\\t' that cannot start any token)"),
        ("title: *nowhere\n", ", line 1: this is not valid YAML (found undefined alias 'nowhere')"),
        ("title: !!python/object:os.system x\n", ", line 1: this is not valid YAML (could not determine a constructor"),
        ("title: a\n---\ntitle: b\n", ", line 2: this is not valid YAML (but found another document)"),
        ("title: 2026-13-45\n", " is not valid YAML (ValueError)"),
        ("title: &a [*a]\n", ", line 1: what stands here holds itself by an alias"),
        ("title: a\nfirst: &a\n  names: [b]\n  size: *a\n", ", line 2: what stands here holds itself by an alias"),
        ("title: " + "[" * 1500, " is nested too deeply"),
        ("- a\n", " must hold a mapping from names to values, not a list."),
        ("a text\n", " must hold a mapping from names to values, not a single value."),
        (b"title: caf\xe9\n", " is not UTF-8 text; save it as UTF-8."),
        (b"title: \x00\n", " is not valid YAML (ReaderError)"),
    ],
    ids=lambda value: value[:30].decode("latin-1") if isinstance(value, bytes) else value[:30],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence_with_line_key_and_what_is_allowed(
    tmp_path: Path, text: str | bytes, sentence: str
) -> None:
    assert refusal(tmp_path, text).startswith(sentence)


def test_who_keeps_an_error_keeps_nothing_of_those_who_asked(tmp_path: Path) -> None:
    """Pydantic's error keeps the frames of its callers where no collector sees them, and DuckDB complains of
    that at the end."""
    with pytest.raises(SettingsError) as of_a_file:
        validate(read(tmp_path, "title: a\nfirst: {size: 13}\n"), Whole)
    with pytest.raises(SettingsError) as of_the_rules:
        load_rules(read(tmp_path, "currency: euro\n"), {})
    assert (of_a_file.value.__context__, of_the_rules.value.__context__) == (None, None)


def test_aliases_within_aliases_do_not_make_billions(tmp_path: Path) -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    assert "more than 50,000 things" in refusal(tmp_path, f"a0: &a0 [x]\n{levels}title: a\n")


def test_an_alias_stands_for_what_it_names(tmp_path: Path) -> None:
    text = "title: a\nfirst: &one {size: 2}\nparts: [*one, {<<: *one, colour: blue}]\n"
    whole = validate(read(tmp_path, text), Whole)
    assert [part.size for part in whole.parts] == [2, 2] and whole.parts[1].colour == "blue"


def test_an_empty_file_is_an_empty_mapping(tmp_path: Path) -> None:
    assert read(tmp_path, "").content == {}
    assert read(tmp_path, "# only a comment\n").content == {}


def test_a_byte_order_mark_and_windows_line_breaks_make_no_difference(tmp_path: Path) -> None:
    document = read(tmp_path, b"\xef\xbb\xbftitle: a\r\nfirst:\r\n  size: 2\r\n")
    assert document.content == {"title": "a", "first": {"size": 2}}
    assert document.lines[("first", "size")] == 3


@pytest.mark.parametrize("what", ["missing", "a folder", "unreadable"])
def test_a_file_that_can_not_be_read_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    file = tmp_path / "some.yml"
    if what == "a folder":
        file.mkdir()
    if what == "unreadable":  # by permission: the tests' user may read everything

        def refuse(*_: object, **__: object) -> str:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(
        SettingsError, match=r"some\.yml can't be read \(.*\); correct the path or its permissions"
    ):
        read_document(file)


def test_a_value_is_found_by_its_line_or_by_the_nearest_that_encloses_it(tmp_path: Path) -> None:
    document = read(tmp_path, "title: a\nfirst:\n  size: 2\n")
    assert document.where(("first", "size")).endswith("some.yml, line 3")
    assert document.where(("first", "colour")).endswith("some.yml, line 2")
    assert document.where(("parts", 0)).endswith("some.yml")


def test_a_long_value_is_cut_in_the_message(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"title: a\nfirst: {{colour: {'x' * 500}}}\n")
    assert "xxx…" in message and len(message) < 200


def test_many_known_names_are_not_listed() -> None:
    assert unknown_name("a.b", "b", [f"n{n}" for n in range(31)]) == "'a.b' is not known."


@given(
    text=st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(
                [
                    "a: ",
                    "- ",
                    "\n",
                    "  ",
                    "&x ",
                    "*x",
                    "{",
                    "}",
                    "[",
                    "]",
                    "? ",
                    "!!",
                    "'",
                    '"',
                    "|",
                    ">",
                    "<<: ",
                    "yes",
                    "1",
                    "#",
                    "---",
                    ",",
                    ":",
                ]
            )
        ).map("".join),
    )
)
def test_any_text_is_a_document_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yml"
    file.write_bytes(text.encode(errors="surrogatepass"))
    try:
        document = read_document(file)
        validate(document, Whole)
    except SettingsError as error:
        assert str(file) in str(error)
