"""The trend of a family's numbers over its published months, from sums that the warehouse makes of each
person's months."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from include.tidemark.run import Run
from include.tidemark.sources.literals import text_literal
from include.tidemark.statistics.change import TREND, Behind, Change, Month, Number
from include.tidemark.statistics.change_rows import ChangeRow, rows_of
from include.tidemark.statistics.measured import ACTIVE, DORMANT, MEMBERS, Measured
from include.tidemark.statistics.trends import METHOD, Found, Influences, Sums, influences, slope
from include.tidemark.warehouse.base import Row, Warehouse

_COUNTED = {MEMBERS: "1 = 1", ACTIVE: "not is_dormant", DORMANT: "is_dormant"}


def trend_rows(
    run: Run, family: str, measured: Callable[[Sequence[str]], Iterable[Measured]]
) -> list[ChangeRow]:
    """The rows of a family's trend, in which `measured` gives its slopes over runs, the earliest first;
    without any where there are too few."""
    months = run.trend_of(family)
    return rows_of(
        measured([*(month.run_key for month in months), run.run_key] if months else []),
        run.statistics_config,
        TREND,
        run.rules.no_change_margin_pct,
        has_earlier=bool(months),
        method=METHOD,
        absent="too_few_months",
    )


def measured_slopes(
    warehouse: Warehouse, people: str, runs: Sequence[str], numbers: Sequence[Number]
) -> list[Measured]:
    """The slope of each number, in their order.

    Args:
        warehouse: where the rows are.
        people: SQL of one row per run and person: `run_key`, `person`, `segment`, `is_dormant`, and the
            amounts as whole numbers.
        runs: the keys of the runs, the earliest first; none gives no slopes.
        numbers: which numbers.
    """
    found: dict[Number, Change] = {}
    wanted = dict.fromkeys(each for number in numbers for each in (number, number.of_all) if each)
    for source in dict.fromkeys(number.source for number in wanted) if runs else ():
        of_source = [number for number in wanted if number.source == source]
        found |= _slopes(warehouse, people, runs, source, of_source)
    nothing = Change(Month(None, 0), Month(None, 0), Behind(0, 0, 0))
    return [
        Measured(
            number.metric,
            number.kind,
            number.segment,
            found.get(number, nothing),
            found.get(number.of_all, nothing).tail if number.of_all else None,
            number.versus,
        )
        for number in numbers
    ]


def _slopes(
    warehouse: Warehouse, people: str, runs: Sequence[str], source: str, numbers: Sequence[Number]
) -> dict[Number, Change]:
    segments = tuple(dict.fromkeys(name for number in numbers for name in (number.of, number.versus) if name))
    codes = {segment: code for code, segment in enumerate(segments, start=1)}
    coded = _coded(people, runs, source, codes)
    sums = _sums(warehouse.fetch(_sums_query(coded)), ("", *segments), len(runs))
    of = {number: influences(number, sums) for number in numbers}
    known = [each for each in of.values() if each.terms is not None]
    users = _Users(len(runs), codes)
    (row,) = warehouse.fetch(users.query(coded, known)) if known else ({},)
    return {number: _slope(each, sums, users, row) for number, each in of.items()}


def _coded(people: str, runs: Sequence[str], source: str, codes: Mapping[str, int]) -> str:
    """SQL of who is counted in a month: `person`, `month`, `segment` as a number (0 for those that no number
    is about), `amount`."""
    months = " ".join(f"when {text_literal(key)} then {month}" for month, key in enumerate(runs))
    segments = " ".join(f"when {text_literal(name)} then {code}" for name, code in codes.items())
    is_counted, amount = _COUNTED.get(source, f"{source} is not null"), "1" if source in _COUNTED else source
    return (
        f"select person, case run_key {months} end as month,"
        f" {f'case segment {segments} else 0 end' if segments else '0'} as segment, cast({amount} as bigint) as amount"
        f" from ({people}) as people where run_key in ({', '.join(map(text_literal, runs))}) and segment is not null and {is_counted}"
    )


def _sums_query(coded: str) -> str:
    amount = "cast(amount as decimal(37, 0))"
    return (
        f"select month, segment, count(*) as n, {_exact_sum(amount)} as s1, {_exact_sum(f'{amount} * {amount}')} as s2,"
        " count(case when amount <> 0 then 1 end) as nonzero, count(case when amount < 0 then 1 end) as negative"
        f" from ({coded}) as coded group by month, segment"
    )


def _sums(rows: Iterable[Row], segments: Sequence[str], months: int) -> list[dict[str, Sums]]:
    found: list[dict[str, Sums]] = [{} for _ in range(months)]
    for row in rows:
        sums = Sums(*(int(row[name]) for name in Sums._fields))
        found[int(row["month"])][segments[int(row["segment"])]] = sums
    return found


def _exact_sum(expression: str) -> str:
    return f"cast(sum({expression}) as decimal(37, 0))"


def _slope(of: Influences, sums: Sequence[Mapping[str, Sums]], users: "_Users", row: Row) -> Change:
    if of.terms is None:
        return slope(of, None)
    names = users.columns[of.number]
    found = Found(*(int(row[name] or 0) if name else 0 for name in names))
    nobody = Sums(0, 0, 0, 0, 0)
    yes, no = (
        (sums[0].get(name or "", nobody).s1, sums[-1].get(name or "", nobody).s1)
        for name in (of.number.of, of.number.versus)
    )
    return slope(of, found, yes, no if of.number.versus else None)


class _Users:
    """The query of what users' influences sum to, each user's months in one row."""

    def __init__(self, months: int, codes: Mapping[str, int]) -> None:
        self.months = range(months)
        self.codes = codes
        self.columns: dict[Number, tuple[str | None, ...]] = {}
        self._sums: dict[str, str] = {}

    def query(self, coded: str, known: Sequence[Influences]) -> str:
        """The query; afterwards `columns` says in which of its columns the parts of each number's `Found`
        are."""
        steps = {f"influence_{place}": self._steps(of) for place, of in enumerate(known)}
        for name, of in zip(steps, known, strict=True):
            self.columns[of.number] = (*map(self._count, self._conditions(of.number)), *self._powers(name))
        pivot = ", ".join(
            f"max(case when month = {month} then {column} end) as {column}_{month}"
            for month in self.months
            for column in ("segment", "amount")
        )
        influence = ", ".join(f"{sql} as {name}" for name, sql in steps.items())
        wanted = ", ".join(f"{sql} as {name}" for sql, name in self._sums.items())
        return (
            f"select {wanted} from (select months.*, {influence} from (select person, {pivot} from ({coded}) as coded group by person)"
            " as months) as users"
        )

    def _column(self, sql: str) -> str:
        return self._sums.setdefault(sql, f"sum_{len(self._sums)}")

    def _count(self, condition: str | None) -> str | None:
        return self._column(f"count(case when {condition} then 1 end)") if condition else None

    def _powers(self, name: str) -> Iterable[str]:
        exact = f"cast({name} as decimal(37, 0))"
        cube = f"{exact} * {exact} * {exact}"
        return (
            self._column(_exact_sum(sql))
            for sql in (
                f"{exact} * {exact}",
                cube,
                f"cast(abs({name}) as decimal(37, 0)) * {exact} * {exact}",
            )
        )

    def _is_member(self, of: str | None, month: int) -> str:
        return f"segment_{month} is not null" if of is None else f"segment_{month} = {self.codes[of]}"

    def _is_counted(self, number: Number, month: int, is_of_all: bool) -> str:
        if is_of_all:
            return self._is_member(None, month)
        names = (number.of, *([number.versus] if number.versus else []))
        return " or ".join(self._is_member(name, month) for name in names)

    def _conditions(self, number: Number) -> tuple[str | None, ...]:
        """Of `Found.users`, `both`, `both_yes` and `both_no`."""
        first, last = self.months[0], self.months[-1]
        is_of_all = number.form in ("share", "ratio")
        users = " or ".join(self._is_counted(number, month, is_of_all) for month in self.months)
        both = " and ".join(f"({self._is_counted(number, month, is_of_all)})" for month in (first, last))
        if number.form == "part":
            return (
                users,
                both,
                *(f"{both} and amount_{first} = {yes} and amount_{last} = {yes}" for yes in (1, 0)),
            )
        if number.form != "share":
            return users, both, None, None
        code = self.codes[number.of or ""]
        yes, no = ("=", code), ("=", self.codes[number.versus]) if number.versus else ("<>", code)
        return (
            users,
            both,
            *(f"segment_{first} {sign} {of} and segment_{last} {sign} {of}" for sign, of in (yes, no)),
        )

    def _steps(self, of: Influences) -> str:
        """A user's influence on the slope, in whole steps."""
        parts = []
        for month, term in zip(self.months, of.terms or (), strict=True):
            inside, outside, versus = (self._step(month, each, of.scale) for each in term)
            others = f" when segment_{month} is not null then {outside}" if any(term.other) else ""
            if of.number.versus:
                others = f" when {self._is_member(of.number.versus, month)} then {versus}{others}"
            parts.append(f"case when {self._is_member(of.number.of, month)} then {inside}{others} else 0 end")
        return f"cast({' + '.join(parts)} as bigint)"

    def _step(self, month: int, term: tuple[float, float], scale: float) -> str:
        constant, slope = (part * scale for part in term)
        if slope == 0:
            return str(round(constant))
        return f"cast(round(cast(amount_{month} as double) * ({slope!r}) + ({constant!r}), 0) as bigint)"
