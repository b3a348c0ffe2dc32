"""Words that stand for nothing in a CSV file."""

from dataclasses import replace

from include.tidemark.init.amounts import bare_amounts, number_form
from include.tidemark.init.moments import moments_of
from include.tidemark.init.seen import Look, SeenColumn

_ALWAYS = frozenset({"NULL", "null", "(null)", "<null>", "\\N", "#N/A"})
_AMONG_NUMBERS = frozenset(
    {"N/A", "n/a", "NA", "na", "None", "none", "nan", "NaN", "NAN", "-", "--", ".", "k.A.", "k. A."}
)
"""These may be names of something, so they count only where all else is numbers or times."""


def with_null_words(look: Look) -> Look:
    """The look with the null words of its CSV files among the options, and without them among the cells."""
    if look.csv is None:
        return look
    words = sorted({word for column in look.columns for word in _words(column, look.dialect)})
    if not words:
        return look
    columns = tuple(
        replace(column, cells=tuple(None if cell in words else cell for cell in column.cells))
        for column in look.columns
    )
    return replace(look, columns=columns, csv=look.csv.model_copy(update={"null_words": tuple(words)}))


def _words(column: SeenColumn, dialect: str) -> set[str]:
    found = column.distinct & (_ALWAYS | _AMONG_NUMBERS)
    weak = found & _AMONG_NUMBERS
    if weak:
        others = tuple(value for value in column.values if value not in found)
        form = number_form([replace(column, cells=others)])
        numbers = all(form.read(value) is not None for value in bare_amounts(others).values)
        if not others or not (numbers or moments_of(others, column.kind, dialect)):
            return set(found - weak)
    return set(found) if len(column.distinct) > len(found) else set(found & _ALWAYS)
