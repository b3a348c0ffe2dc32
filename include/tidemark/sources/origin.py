"""Where a table's rows are, and what is wrong with them: what reading a source and each of its columns
share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from include.tidemark.documents.expressions import columns_of, parse_expression, resolve_columns, to_sql
from include.tidemark.errors import SettingsError, SourceError
from include.tidemark.sources.dialects import Dialect
from include.tidemark.sources.sources_file import CsvOptions, short_name
from include.tidemark.sources.strict_casts import strict

Describe = Callable[[str], Mapping[str, str]]
"""Names (in lower case) and types of the columns of a query."""


@dataclass(frozen=True)
class Flag:
    """Something that no row of the source should have."""

    name: str
    column: str
    condition: str
    """SQL over the given rows."""
    what: str
    """What is wrong with the values, as the end of a sentence about them."""
    place: str
    """Where the deployment says how the column is made."""
    stops: bool = True
    """Whether such values can't be taken; others are taken, and told of."""


@dataclass(frozen=True)
class Origin:
    """Where a table's rows are, as far as reading them needs to know."""

    relation: str
    """What stands after `from`."""
    name: str
    """What people call it."""
    types: Mapping[str, str]
    """Its columns, under their very names, and their types."""
    describe: Describe
    dialect: Dialect
    csv: CsvOptions = field(default_factory=lambda: CsvOptions())  # noqa: PLW0108 - the class itself is no callable to mypy
    places: Mapping[str, str] = field(default_factory=dict)
    """File and line of each key of `sources.yml`."""
    names_are_known: bool = True
    """Whether its columns' names are names: the first line of a CSV file without a header is somebody's
    data."""
    kept: tuple[str, ...] = ()
    """Further columns of the relation that the given rows keep."""

    def place(self, table: str, key: str) -> str:
        """Where the deployment says how a column is made, as the beginning of a sentence."""
        for name in (f"{table}.columns.{key}", f"{table}.columns.{short_name(key)}", f"{table}.{key}"):
            if where := self.places.get(name):
                return f"{where}: {name}"
        return f"{table}.{key}"

    def columns_of(self, text: str) -> set[str]:
        """The names that one of the deployment's expressions reads, as it writes them."""
        return {column.name for column in columns_of(parse_expression(text, self.dialect.name))}

    def sql_of(self, place: str, text: str) -> str:
        """The SQL of one of the deployment's expressions over the relation's columns.

        Args:
            place: beginning of the message about what is wrong with it.

        Raises:
            SourceError: it is no expression, names a column that does not exist, or computes what its
                columns' types do not allow.
        """
        try:
            parsed = resolve_columns(
                parse_expression(text, self.dialect.name),
                self.types,
                self.name,
                may_list=self.names_are_known,
            )
            parsed = strict(parsed, self._type_of, self.dialect)
        except (SettingsError, SourceError) as error:
            raise SourceError(f"{place}: {error}") from None
        return to_sql(parsed, self.dialect.name)

    def _type_of(self, sql: str) -> str:
        (found,) = self.describe(f"select {sql} as part from {self.relation}").values()
        return found
