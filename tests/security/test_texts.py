"""Texts of the data, such as categories: in SQL, in pages, in spreadsheets and in sentences they are texts
and nothing else."""

import csv
import html
import re
from types import SimpleNamespace

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from include.tidemark.artifacts.tables import Column, PublishedTable
from include.tidemark.artifacts.writing import write_rows
from include.tidemark.report.charts.drawing import only
from include.tidemark.report.templating import environment
from include.tidemark.sources.literals import text_literal
from include.tidemark.sql_names import identifier
from include.tidemark.validation.engine import Gate
from tests.security import attacks

texts = attacks.texts.map(lambda text: text.encode("utf-8", "replace").decode())


@settings(max_examples=200)
@given(texts)
def test_as_a_literal_of_sql_it_is_the_same_text_or_refused(text):
    try:
        literal = text_literal(text)
    except ValueError as error:
        assert str(error).isprintable()
    else:
        assert duckdb.execute(f"select {literal}").fetchall() == [(text,)]


@settings(max_examples=100)
@given(texts.filter(lambda text: text and "\0" not in text))
def test_as_a_name_in_sql_it_is_the_same_name(text):
    with duckdb.connect() as engine:
        assert [column[0] for column in engine.execute(f"select 1 as {identifier(text)}").description] == [
            text
        ]


@settings(max_examples=150)
@given(texts)
def test_in_a_page_it_is_text_within_elements_and_attributes(text):
    page = environment().from_string("<p>{{ text }}</p>").render(text=text)
    assert html.unescape(page[3:-4]) == html.unescape(html.escape(text)) and "<" not in page[3:-4]
    attribute = str(only(segment=text))
    assert re.fullmatch(r' data-of="[^"<>]*"', attribute)


def test_in_a_csv_file_no_cell_begins_a_formula_and_none_moves_into_another(tmp_path):
    table = PublishedTable("data/x", (Column("name", "text"), Column("n", "integer")), "x")

    @settings(max_examples=100)
    @given(st.lists(texts, min_size=1, max_size=4))
    def holds(names: list[str]) -> None:
        write_rows(table, [{"name": name, "n": 1} for name in names], tmp_path)
        with (tmp_path / "data" / "x.csv").open(encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file))
        assert lines[0] == ["name", "n"] and [n for _, n in lines[1:]] == ["1"] * len(names)
        for (cell, _), name in zip(lines[1:], names, strict=True):
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
            assert cell.replace("\n", "").endswith(name.replace("\r", "").replace("\n", "")[1:])

    holds()


@settings(max_examples=100)
@given(st.lists(texts, max_size=3))
def test_in_a_sentence_of_the_gate_it_is_a_part_of_one_line(found):
    gate = Gate(SimpleNamespace(fetch=lambda _: [{"category": text} for text in found]), None, None)  # type: ignore[arg-type]
    assert gate._detail("select").isprintable()
