"""Columns and values that the last publication had and that are gone: a source that stopped filling them
looks like one without."""

from collections.abc import Iterator

from include.tidemark.run import Run
from include.tidemark.shared_texts import in_a_line
from include.tidemark.sources.contract import SourceTable
from include.tidemark.sources.rows import SourceRows
from include.tidemark.validation.allowed import unless_allowed
from include.tidemark.validation.checks import COMPARED, Asset, Check, NotEvaluated, Severity, counted
from include.tidemark.validation.column_profile import (
    SCOPES,
    SHARED_VALUES,
    ColumnProfile,
    Profile,
    Scope,
    number_columns,
    optional_columns,
)

_FEWEST = 10
"""Of fewer rows chance or one person decides."""
_FEWEST_COMPARED = {"all": 10, "recent": 1000}
"""Rows from which a share of nulls is compared. Of 1,000 new rows a share is known to 5 points, half of the
usual limit."""
_DECIDES = {"is_test_user": "who is a customer", "status": "which rows count"}
"""Columns without which other rows would be counted, and what they decide."""
_PASSING = frozenset({"pending"})
"""Values that rows lose by themselves."""
_WORDS: dict[Scope, str] = {"all": "rows", "recent": "rows of the last 30 days"}
_SHOWN = 5


def vanished_asset(  # noqa: PLR0917 - one call
    run: Run,
    table: SourceTable,
    rows: SourceRows,
    now: Profile,
    before: tuple[Profile, str] | None,
    erased: int = 0,
) -> Asset:
    """What the optional columns of a table must still hold.

    Args:
        before: counts of the last publication and its as-of date; None where they are not known.
        erased: rows that were erased since. Nobody knows what they held, so what they alone may have held is
            told of and stops nothing.
    """
    name, source = f"sources.{table.name}_columns", COMPARED
    if before is None:
        what = (
            "no earlier month is published to compare with"
            if run.previous is None
            else "what the last publication's columns held is not recorded"
        )
        note = NotEvaluated("columns_before", f"Not evaluated: {what}.")
        return Asset(name, rows.relation, source, (_compared(rows, 0),), not_evaluated=(note,))
    profile, day = before
    checks = [
        check
        for column in dict.fromkeys(
            [*(c.name for c in optional_columns(table)), *SHARED_VALUES.get(table.name, ())]
        )
        for check in _Column(run, table, rows, column, now, profile, day, erased).checks()
    ]
    return Asset(name, rows.relation, source, (_compared(rows, len(checks)), *checks))


def _compared(rows: SourceRows, number: int) -> Check:
    return counted(
        "columns_compared",
        number,
        f"The columns of {rows.relation}",
        ", for the next month to be compared with",
    )


class _Column:
    """One column, now and in the last publication."""

    def __init__(  # noqa: PLR0917 - one call
        self,
        run: Run,
        table: SourceTable,
        rows: SourceRows,
        name: str,
        now: Profile,
        before: Profile,
        day: str,
        erased: int,
    ) -> None:
        self.has_values = name in (*SHARED_VALUES.get(table.name, ()), *number_columns(table))
        self.run, self.rows, self.name, self.day, self.erased = run, rows, name, day, erased
        self.pairs: dict[Scope, tuple[ColumnProfile, ColumnProfile]] = {
            scope: (now[name, scope], before[name, scope]) for scope in SCOPES if (name, scope) in before
        }
        self.place = f"{rows.relation}.{name}"
        self.key = f"{rows.table}.{name}"

    def checks(self) -> Iterator[Check]:
        if not self.pairs:
            return
        emptied = self._emptied()
        yield self._emptied_check(emptied)
        yield from self._null_checks(emptied)
        if self.has_values:
            yield from self._value_checks()

    def _severity(self, severity: Severity, *, may_be_erased: bool = False) -> Severity:
        return "warning" if may_be_erased else unless_allowed(self.run, self.key, severity)[0]

    def _advice(self, severity: Severity, *, may_be_erased: bool = False) -> str:
        if may_be_erased:
            return f"; the {self.erased} rows that were erased since may explain it"
        return unless_allowed(self.run, self.key, severity)[1]

    def _emptied(self) -> Scope | None:
        fewest = 1 if self.name in _DECIDES else _FEWEST
        for scope, (now, before) in self.pairs.items():
            # Of as many rows as now, this many would have had a value before.
            expected = now.rows * before.filled / before.rows if before.rows else 0
            enough = before.filled >= fewest if scope == "all" else expected >= _FEWEST
            if now.rows and not now.filled and enough:
                return scope
        return None

    def _emptied_check(self, emptied: Scope | None) -> Check:
        decides = f", and decides {_DECIDES[self.name]}" if self.name in _DECIDES else ""
        may_be_erased = emptied is not None and self.pairs[emptied][1].filled <= self.erased
        return Check(
            name=f"emptied_{self.name}",
            measure=f"max({int(emptied is not None)})",
            maximum=0,
            column=self.name,
            severity=self._severity("critical", may_be_erased=may_be_erased),
            claim=f"{self.place} still has values where it had some in the publication of {self.day}.",
            failure=f"{self.place} has no value in any of the {_WORDS[emptied or 'all']}, but had some in the publication of"
            f" {self.day}{decides}: ask the source for it{self._advice('critical', may_be_erased=may_be_erased)}.",
        )

    def _null_checks(self, emptied: Scope | None) -> Iterator[Check]:
        rises = {
            scope: now.null_pct - before.null_pct
            for scope, (now, before) in self.pairs.items()
            if min(now.rows, before.rows) >= _FEWEST_COMPARED[scope]
            and now.nulls - now.rows * before.nulls / before.rows >= _FEWEST
        }
        scope: Scope = max(rises, key=rises.__getitem__) if rises else "all"
        rise = 0.0 if emptied else rises.get(scope, 0.0)
        now, before = self.pairs[scope]
        rules = self.run.rules
        # If all that were erased had a value, this is the share of those who stayed.
        of_the_others = 100 * before.nulls / max(before.rows - self.erased, before.nulls, 1)
        limits: tuple[tuple[Severity, float], ...] = (
            ("warning", rules.null_share_warning_points), ("critical", rules.null_share_critical_points),
        )  # fmt: skip
        for severity, limit in limits:
            may_be_erased = bool(self.erased) and now.null_pct - of_the_others <= limit
            yield Check(
                name=f"null_share_{self.name}_{severity}",
                measure=f"max({rise:.6f})",
                maximum=limit,
                column=self.name,
                severity=self._severity(severity, may_be_erased=may_be_erased),
                claim=f"{self.place} is null in a share of rows that rose by at most {limit:g} points since the publication of {self.day}.",
                failure=f"{self.place} is null in {now.null_pct:.1f} % of the {_WORDS[scope]}, in the publication of {self.day} it was in"
                f" {before.null_pct:.1f} % (allowed are {limit:g} points more): ask the source what changed{self._advice(severity, may_be_erased=may_be_erased)}.",
            )

    def _value_checks(self) -> Iterator[Check]:
        scope: Scope = "all" if self._gone("all") else "recent"
        gone = self._gone(scope)
        decides = self.name in _DECIDES
        passing = [
            value
            for value in gone
            if not decides
            or value in _PASSING
            or self.pairs[scope][1].values[value] < max(_FEWEST, self.erased + 1)
        ]
        groups: tuple[tuple[Severity, list[str]], ...] = (
            ("warning", passing), ("critical", [value for value in gone if value not in passing]),
        )  # fmt: skip
        for severity, values in groups:
            if severity == "critical" and not decides:
                continue
            shown = ", ".join(map(in_a_line, values[:_SHOWN])) + (
                f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
            )
            yield Check(
                name=f"gone_{self.name}_{severity}",
                measure=f"max({len(values)})",
                maximum=0,
                column=self.name,
                severity=self._severity(severity),
                claim=f"The frequent values of {self.place} in the publication of {self.day} are still there.",
                failure=f"{self.place} had values in the publication of {self.day} that none of the {_WORDS[scope]} has now"
                f" ({shown.replace('{', '{{').replace('}', '}}')}): ask the source whether they have other names{self._advice(severity)}.",
            )

    def _gone(self, scope: Scope) -> list[str]:
        """Values that enough rows had that chance can't explain their absence."""
        if scope not in self.pairs or not self.pairs[scope][0].filled:
            return []  # the whole column is told of
        now, before = self.pairs[scope]
        # Testers are few among many users, and count as customers once they are not marked; few of them sign
        # up in a month.
        testers = self.name == "is_test_user"
        fewest = 1 if testers and scope == "all" else _FEWEST
        share = 0.0 if testers else self.run.rules.vanished_value_min_share_pct / 100
        return sorted(
            value
            for value, count in before.values.items()
            if value not in now.values
            and count >= max(fewest, share * before.rows)
            and now.rows * count / before.rows >= fewest
        )
