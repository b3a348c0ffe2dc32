"""`sources.yml` before anything is looked at: a mistake is one sentence with file, line, key and the nearest
known name."""

from pathlib import Path

import pytest

from include.tidemark.config.sources_check import check_sources
from include.tidemark.documents.document import read_document, validate
from include.tidemark.errors import SettingsError
from include.tidemark.rules import Rules, load_rules
from include.tidemark.sources.sources_file import Sources, TableSource, short_name, sources_model

EURO = load_rules(environ={}).model_copy(update={"currency": "EUR"})
SHOP = """\
# Our shop.
transactions:
  from: ANALYTICS.SHOP.ORDERS
  columns:
    transaction_id: '"Order No"'
    user_id: customer_id
    transaction_at: {from: ordered_at, format: "%d.%m.%Y %H:%M", timezone: Europe/Berlin}
    amount: {from: total, currency: EUR}
    category: department
    status: {from: state, values: {paid: posted, cancelled: declined}}
    fee_usd: null
  where: not is_test_order
  loaded_at: _fivetran_synced
users:
  files: customers/*.csv
  csv: {delimiter: ";", decimal: ",", encoding: cp1252}
  columns:
    user_id: id
    created_at: {from: joined, format: epoch_seconds}
    is_test_user: {from: tester, values: {ja: true, nein: false}}
"""


def sources_of(folder: Path, text: str, rules: Rules = EURO, warehouse: str = "snowflake") -> Sources:
    file = folder / "sources.yml"
    file.write_text(text, encoding="utf-8")
    document = read_document(file)
    sources = validate(document, sources_model())
    check_sources(document, sources, rules, warehouse)
    return sources


@pytest.mark.parametrize("warehouse", ["duckdb", "snowflake"])
def test_a_deployment_s_tables_are_said_in_one_file(tmp_path: Path, warehouse: str) -> None:
    mapped = sources_of(tmp_path, SHOP, warehouse=warehouse).mapped()
    assert list(mapped) == ["users", "transactions"]
    orders, customers = mapped["transactions"], mapped["users"]
    assert (orders.from_, orders.where, orders.loaded_at) == (
        "ANALYTICS.SHOP.ORDERS",
        "not is_test_order",
        "_fivetran_synced",
    )
    assert (customers.files, customers.mode) == ("customers/*.csv", "replace")
    assert orders.mapping_of("amount_usd").currency_code == "EUR"
    assert orders.mapping_of("fee_usd") is None and customers.mapping_of("email") is None
    assert orders.mapping_of("status").values == {"paid": "posted", "cancelled": "declined"}


def test_without_columns_the_source_has_the_contract_s_own_names() -> None:
    mapping = TableSource(files="users.csv").mapping_of("created_at")
    assert mapping is not None and mapping.from_ == "created_at"


def test_an_amount_is_mapped_by_its_name_with_or_without_the_contract_s_currency(tmp_path: Path) -> None:
    for name in ("amount", "amount_usd"):
        text = SHOP.replace("    amount:", f"    {name}:")
        assert sources_of(tmp_path, text).mapped()["transactions"].mapping_of("amount_usd").from_ == "total"
    assert (short_name("amount_usd"), short_name("user_id")) == ("amount", "user_id")


TRANSACTION_AT = '{from: ordered_at, format: "%d.%m.%Y %H:%M", timezone: Europe/Berlin}'
STATUS = "{from: state, values: {paid: posted, cancelled: declined}}"


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("transactions:", "transaction:", 2, "'transaction' is not known; did you mean 'transactions'"),
        ("  where:", "  were:", 12, "'transactions.were' is not known; did you mean 'where'"),
        ("    category:", "    kategory:", 9, "'transactions.columns.kategory' is not known; did you mean 'category'"),
        ("values: {paid", "value: {paid", 10, "'transactions.columns.status.value' is not known; did you mean 'values'"),
        ("delimiter:", "delimeter:", 16, "'users.csv.delimeter' is not known; did you mean 'delimiter'"),
        ("  files: customers/*.csv\n", "", 14, "users: say either from .* or files"),
        ("  files:", "  from: a.b\n  files:", 16, "users.files: say either from .* or files"),
        ("    user_id: customer_id\n", "", 4, "transactions.columns: 'user_id' is missing or null"),
        ("    user_id: customer_id", "    user_id: null", 6, "transactions.columns.user_id: 'user_id' is missing or null"),
        ("    fee_usd: null", "    fee: a\n    fee_usd: b", 11, "transactions.columns.fee: fee and fee_usd are the same column"),
        ("Europe/Berlin", "Europe/Berln", 7, "transactions.columns.transaction_at.timezone: 'Europe/Berln' is not an IANA time zone"),
        ("Europe/Berlin", "CEST", 7, "'CEST' is not an IANA time zone"),
        ("Europe/Berlin", "../../etc/passwd", 7, "is not an IANA time zone"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Q", 7, "transactions.columns.transaction_at.format: the format has %Q, which is not among %%, %B"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %I:%M", 7, "must say %I and %p together, else half of the day would be guessed"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M %p", 7, "must say %I and %p together"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %m", 7, r"says the same twice \(%m and %m\)"),
        ("%d.%m.%Y %H:%M", "%d.%m.%y %Y", 7, r"says the same twice \(%y and %Y\)"),
        ("%d.%m.%Y %H:%M", "%d.%b %m.%Y", 7, r"says the same twice \(%b and %m\)"),
        ("%d.%m.%Y %H:%M", "%j %d.%m.%Y", 7, r"says the day twice \(%j and %d\)"),
        ("%d.%m.%Y %H:%M", "DD.MM.YYYY", 7, "'DD.MM.YYYY' is no format: write it with directives such as %d.%m.%Y, or epoch_seconds"),
        ("%d.%m.%Y %H:%M", "%d.%m.", 7, "does not say year, month and day"),
        ("%d.%m.%Y %H:%M", "%H:%M", 7, "does not say year, month and day"),
        ("%d.%m.%Y %H:%M", "%Y-%m", 7, "does not say year, month and day"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M%z", 7, "the format has an offset"),
        ("%d.%m.%Y %H:%M", "%j.%Y", 7, "The format %j.%Y has %j, which Snowflake can't read"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y {{ x }}", 7, "template marks"),
        (TRANSACTION_AT, "{from: ordered_at, format: '\"%Y-%m-%d'}", 7, "double quote"),
        ("currency: EUR", "currency: GBP", 8, "transactions.columns.amount.currency: the amounts are in GBP, but the deployment's currency is EUR"),
        ("currency: EUR", "currency: XXQ", 8, "transactions.columns.amount.currency: 'XXQ' is not the ISO 4217 code of a currency"),
        ("fee_usd: null", "fee_usd: {from: fee, currency: USD}", 11, "transactions.columns.fee_usd.currency: the amounts are in USD, but"),
        ("category: department", "category: {from: department, currency: EUR}", 9, "currency is about amounts"),
        ("category: department", "category: {from: department, timezone: UTC}", 9, "format and timezone are about times"),
        ("category: department", "category: {from: department, format: '%Y%m%d'}", 9, "format and timezone are about times"),
        ("category: department", "category: (select 1)", 9, r"transactions.columns.category: '\(select 1\)' can't be used: it holds a query"),
        ("category: department", "category: department; drop table orders", 9, "semicolon at character 11"),
        ("category: department", "category: department -- old", 9, "SQL comment"),
        ("category: department", "category: max(department)", 9, "several rows"),
        ("category: department", "category: orders.department", 9, "plainly"),
        ("category: department", "category: regexp_replace(department, 'a', 'b')", 9, "function 'regexp_replace' is not known"),
        ("category: department", "category: 7", 9, "YAML reads 'transactions.columns.category' as a number"),
        ("category: department", "category: no", 9, "YAML reads 'transactions.columns.category' as false"),
        ("where: not is_test_order", "where: exists(select 1)", 12, "transactions.where: 'exists"),
        ("where: not is_test_order", "where: ' '", 12, "transactions.where: the expression is empty"),
        ("loaded_at: _fivetran_synced", "loaded_at: now()", 13, "transactions.loaded_at: 'now"),
        ("{paid: posted", "{yes: posted", 10, "YAML reads the key yes as true or false; write it in quotes"),
        ("{paid: posted", "{1: posted", 10, "YAML reads the key 1 as a number; write it in quotes"),
        ("{paid: posted", "{paid: yes", 10, "YAML reads what stands behind paid as true, but the contract's type is varchar"),
        ("{paid: posted", "{paid: 1", 10, "YAML reads 'transactions.columns.status.values.paid' as a number"),
        ("{paid: posted", "{'': posted", 10, "a blank value means nothing here"),
        ("{paid: posted", "{' paid': posted", 10, "has blanks around it"),
        ("{paid: posted", r"{'a\b': posted", 10, "a character that warehouses quote differently"),
        ("{paid: posted", "{paid: '{{ x }}'", 10, "template marks"),
        ("ANALYTICS.SHOP.ORDERS", "a.b.c.d", 3, "transactions.from: 'a.b.c.d' is no table or view"),
        ("ANALYTICS.SHOP.ORDERS", "(select 1)", 3, "is no table or view"),
        ("cp1252", "klingon", 16, "users.csv.encoding: 'klingon' is not an encoding"),
        ("cp1252", "base64", 16, "'base64' is not an encoding"),
        ('decimal: ","', 'decimal: ";"', 16, r"'users.csv.decimal' can't be used: Input should be '.' or ','"),
        ('delimiter: ";"', "delimiter: '\"'", 16, "users.csv.delimiter: delimiter and quote must be different"),
        ('decimal: ",",', 'decimal: ",", thousands: ",",', 16, "users.csv.thousands: thousands and decimal must be different"),
        ("  csv:", "  mode: apend\n  csv:", 16, "'users.mode' can't be used: .*; did you mean 'append'"),
        ("  csv:", "  format: parket\n  csv:", 16, "'users.format' can't be used: .*; did you mean 'parquet'"),
        ("cp1252", "utf-9", 16, "'utf-9' is not an encoding such as .*; did you mean 'utf-8'"),
        ("epoch_seconds", "epoch_second", 19, "'epoch_second' is no format: .*; did you mean 'epoch_seconds'"),
        ("  files: customers/*.csv\n", "  from: a.b\n", 16, "users.csv: csv is about files"),
        ("loaded_at: _fivetran_synced\nusers:\n", "loaded_at: _fivetran_synced\nusers:\n  loaded_at: at\n", 15, "users.loaded_at: loaded_at is about a table"),
        ("{from: total, currency: EUR}", "\n      from: total\n      currency: GBP", 10, "transactions.columns.amount.currency: the amounts are in GBP"),
        ('decimal: ",",', 'decimal: ",", null_words: [NULL],', 16, "YAML reads 'users.csv.null_words.0' as nothing"),
        ("epoch_seconds}", "epoch_seconds, timezone: 5}", 19, "YAML reads 'users.columns.created_at.timezone' as a number"),
    ],
    ids=lambda value: str(value)[:45],
)  # fmt: skip
def test_a_mistake_is_one_sentence_with_file_line_and_key(
    tmp_path: Path, old: str, new: str, line: int, sentence: str
) -> None:
    assert SHOP.count(old) >= 1
    with pytest.raises(SettingsError, match=sentence) as caught:
        sources_of(tmp_path, SHOP.replace(old, new, 1))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'sources.yml'}, line {line}: ")
    assert "\n" not in message and "pydantic" not in message and not message.endswith("..")


@pytest.mark.parametrize(
    "relation",
    ["ORDERS", "shop.orders", "A.b.C_1$", '"Order Lines"', 'shop."select"', '"a.b"."c;d"', '"a--b"'],
)
@pytest.mark.parametrize("warehouse", ["duckdb", "snowflake"])
def test_a_relation_is_named_by_up_to_three_parts(tmp_path: Path, relation: str, warehouse: str) -> None:
    sources_of(tmp_path, f"events: {{from: '{relation}'}}", warehouse=warehouse)


@pytest.mark.parametrize(
    "relation",
    [
        "read_csv(''x'')", "''file.csv''", "(select 1)", "a; drop table b", "a b", "a,b", "a.b.c.d", "a.", ".a", "a..b", "1a", '""', '"a',
        '"a""b"', "a -- b", "table(x)", "@stage", "$1", "{{ x }}", '"{{ x }}"', "a@b", "identifier(''a'')", "lateral flatten(x)",
        "a\tb", "a join b", "*", "s3://a/b", "a\u00a0b", "ä",
    ],
)  # fmt: skip
@pytest.mark.parametrize("warehouse", ["duckdb", "snowflake"])
def test_what_is_no_relation_s_name_is_refused(tmp_path: Path, relation: str, warehouse: str) -> None:
    with pytest.raises(SettingsError, match=r"line 1: events\.from: .* is no table or view"):
        sources_of(tmp_path, f"events: {{from: '{relation}'}}", warehouse=warehouse)


def test_expressions_over_files_are_duckdb_s_whatever_the_warehouse_is(tmp_path: Path) -> None:
    text = "events: {files: e.ndjson, columns: {event_id: id, user_id: \"who ->> '$.id'\", event_name: n, event_at: t}}"
    sources_of(tmp_path, text, warehouse="snowflake")
    with pytest.raises(SettingsError, match="name a key of JSON without"):
        sources_of(tmp_path, text.replace("files: e.ndjson", "from: e"), warehouse="snowflake")


def test_true_and_false_may_stand_for_what_a_boolean_column_says(tmp_path: Path) -> None:
    testers = sources_of(tmp_path, SHOP).mapped()["users"].mapping_of("is_test_user")
    assert testers.values == {"ja": True, "nein": False}


def test_a_currency_that_three_capitals_do_not_name_is_a_column(tmp_path: Path) -> None:
    mapped = sources_of(tmp_path, SHOP.replace("currency: EUR", "currency: waers")).mapped()
    amount = mapped["transactions"].mapping_of("amount_usd")
    assert (amount.currency, amount.currency_code) == ("waers", None)
