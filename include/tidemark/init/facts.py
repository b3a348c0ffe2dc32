"""What the values of one column are, as far as a mapping asks for it."""

import re
from dataclasses import dataclass
from functools import cached_property

from include.tidemark.init.amounts import Bare, NumberForm, bare_amounts
from include.tidemark.init.moments import Moments, moments_of
from include.tidemark.init.seen import Look, SeenColumn
from include.tidemark.sources.kinds import Kind

TRUE = frozenset({"true", "t", "yes", "y", "1", "ja", "j", "wahr", "x", "on"})
FALSE = frozenset({"false", "f", "no", "n", "0", "nein", "falsch", "off"})
READ_AS_TRUE, READ_AS_FALSE = (
    frozenset({"true", "t", "yes", "y", "1"}),
    frozenset({"false", "f", "no", "n", "0"}),
)
"""Texts that the loader takes for truth values by itself."""

_CURRENCY = re.compile(r"[A-Za-z]{3}")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LONG_NUMBER = re.compile(r"[0-9]{5}")
_NEARLY_ALL = 0.8
_SOME = 50


@dataclass(frozen=True)
class Facts:
    """A column with what its values are; everything is computed when it is first asked for."""

    look: Look
    column: SeenColumn
    form: NumberForm
    """How the source writes its numbers."""

    @property
    def values(self) -> tuple[str, ...]:
        """The values that are not null."""
        return self.column.values

    @property
    def distinct(self) -> frozenset[str]:
        """The different values."""
        return self.column.distinct

    @property
    def is_unique(self) -> bool:
        """Whether no row lacks a value and no value is there twice."""
        return len(self.distinct) == self.look.sampled

    @property
    def has_nulls(self) -> bool:
        """Whether a row lacks a value."""
        return len(self.values) < self.look.sampled

    @cached_property
    def moments(self) -> Moments | None:
        """How the values are written as times; None where they are none."""
        return moments_of(self.values, self.column.kind, self.look.dialect)

    @cached_property
    def most_moments(self) -> tuple[Moments, float] | None:
        """How most of the values are written as times, and their share, where `moments` knows no form of all
        of them."""
        some = self.values[:: max(1, len(self.values) // _SOME)]
        alone = [moments_of([value], self.column.kind, self.look.dialect) for value in some]
        forms = {each.format for each in alone if each is not None}
        fitting = max(
            (
                [v for v, m in zip(some, alone, strict=True) if m and form in (m.format, m.swapped)]
                for form in forms
            ),
            key=len,
            default=[],
        )
        found = moments_of(fitting, self.column.kind, self.look.dialect)
        share = len(fitting) / len(some) if some else 0.0
        return (found, share) if found is not None and share >= _NEARLY_ALL else None

    @cached_property
    def bare(self) -> Bare:
        """The values without a currency's sign."""
        return bare_amounts(self.values) if self.column.kind is Kind.TEXT else Bare(self.values)

    @cached_property
    def numbers(self) -> tuple[float, ...] | None:
        """The values as numbers; None where one of them is none."""
        form = self.form if self.column.kind is Kind.TEXT else NumberForm()
        if self.column.kind not in (Kind.TEXT, Kind.INTEGER, Kind.NUMBER) or not self.values:
            return None
        read = [form.read(value) for value in self.bare.values]
        return (
            None
            if any(number is None for number in read)
            else tuple(number for number in read if number is not None)
        )

    @property
    def are_whole(self) -> bool:
        """Whether the values are whole numbers."""
        return self.numbers is not None and all(number.is_integer() for number in self.numbers)

    @cached_property
    def truths(self) -> dict[str, bool] | None:
        """What each value says as a truth value; None where one of them says none."""
        if self.column.kind is Kind.BOOLEAN:
            return {"true": True, "false": False}
        found = {value: value.lower() in TRUE for value in sorted(self.distinct)}
        return found if found and all(value.lower() in TRUE | FALSE for value in found) else None

    @cached_property
    def currencies(self) -> dict[str, int] | None:
        """How often each currency's code is there; None where a value is no code."""
        if not self.values or not all(_CURRENCY.fullmatch(value) for value in self.distinct):
            return None
        from babel.numbers import list_currencies

        counts: dict[str, int] = {}
        for value in self.values:
            counts[value.upper()] = counts.get(value.upper(), 0) + 1
        return (
            dict(sorted(counts.items(), key=lambda item: -item[1]))
            if set(counts) <= list_currencies()
            else None
        )

    @property
    def are_addresses(self) -> bool:
        """Whether the values are e-mail addresses."""
        return bool(self.values) and sum(
            bool(_MAIL.fullmatch(each)) for each in self.values
        ) > _NEARLY_ALL * len(self.values)

    @property
    def are_json(self) -> bool:
        """Whether the values are objects of JSON."""
        return self.column.kind is Kind.JSON or (
            bool(self.values) and all(each[0] in "{[" for each in self.values)
        )

    def few(self, most: int) -> tuple[str, ...]:
        """The different values, the most frequent first, where they are names of something and not of
        somebody; else none.

        These alone may be written down: there are at most that many, each of them stands for several rows,
        and none is an address or holds a long number.
        """
        if self.column.kind is not Kind.TEXT or not 0 < len(self.distinct) <= most:
            return ()
        if len(self.values) < 3 * len(self.distinct) and len(self.values) > _FEW_ROWS:
            return ()
        if any(
            "@" in each or _LONG_NUMBER.search(each) or len(each) > _LONGEST_NAME for each in self.distinct
        ):
            return ()
        counts = dict.fromkeys(sorted(self.distinct), 0)
        for value in self.values:
            counts[value] += 1
        return tuple(sorted(counts, key=lambda each: -counts[each]))


_FEW_ROWS = 30
_LONGEST_NAME = 60
