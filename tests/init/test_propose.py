"""Which table a source is, and which of its columns become the table's: by names, by types and by values."""

from dataclasses import replace

import pytest

from include.tidemark.init.propose import propose
from include.tidemark.init.seen import SeenColumn
from include.tidemark.sources.kinds import Kind
from tests.init.looks import cycle, ids, look

COUNT = 120
DAYS = [f"2026-{1 + n // 28:02}-{1 + n % 28:02} 10:00:00" for n in range(COUNT)]
AMOUNTS = [f"{5 + n * 0.37:.2f}" for n in range(COUNT)]


def users(**more):
    return look("customers.csv", {"customer_id": ids("c", COUNT), "created_at": DAYS, **more})


def orders(named="orders.csv", **columns):
    return look(
        named,
        {
            "order_id": ids("o", COUNT),
            "customer_id": cycle(ids("c", 40), COUNT),
            "ordered_at": DAYS,
            "total": AMOUNTS,
            **columns,
        },
    )


def cells_of(table: str, *looks):
    found = propose(looks).table(table)
    assert found is not None
    return found.cells


def sources_of(table: str, *looks) -> dict[str, str | None]:
    return {name: cell.source for name, cell in cells_of(table, *looks).items() if cell.source is not None}


SHOPIFY = {
    "Name": [f"#{n}" for n in range(COUNT)], "Email": [f"p{n % 40}@x.example" for n in range(COUNT)],
    "Financial Status": cycle(["paid", "refunded", "voided"], COUNT), "Paid at": [f"{day} -0500" for day in DAYS],
    "Currency": cycle(["GBP"], COUNT), "Subtotal": AMOUNTS, "Taxes": AMOUNTS, "Total": AMOUNTS, "Lineitem name": cycle(["Mug"], COUNT),
    "Id": ids("50", COUNT),
}  # fmt: skip
STRIPE = {
    "id": ids("ch_", COUNT), "Created date (UTC)": DAYS, "Amount": AMOUNTS, "Amount Refunded": cycle(["0.00"], COUNT),
    "Currency": cycle(["usd"], COUNT), "Fee": cycle(["0.30", "0.45"], COUNT), "Status": cycle(["Paid", "Failed"], COUNT),
    "Customer ID": cycle(ids("cus_", 40), COUNT), "Customer Email": [f"p{n % 40}@x.example" for n in range(COUNT)],
}  # fmt: skip
SEGMENT = {
    "id": ids("m", COUNT), "anonymous_id": ids("a", COUNT), "user_id": cycle(ids("u", 40), COUNT), "event": cycle(["signed_up", "page"], COUNT),
    "received_at": DAYS, "original_timestamp": DAYS, "timestamp": DAYS,
}  # fmt: skip
SNOWPLOW = {
    "event_id": ids("e", COUNT), "user_id": cycle(ids("u", 40), COUNT), "domain_userid": ids("d", COUNT), "domain_sessionid": cycle(ids("s", 60), COUNT),
    "event_name": cycle(["page_view", "add_to_cart"], COUNT), "derived_tstamp": DAYS, "load_tstamp": DAYS, "geo_country": cycle(["DE"], COUNT),
}  # fmt: skip
GA4 = {
    "event_date": [day[:10].replace("-", "") for day in DAYS], "event_timestamp": [f"17672{n:05}000000" for n in range(COUNT)],
    "event_name": cycle(["page_view", "scroll"], COUNT), "user_pseudo_id": cycle(ids("9", 40), COUNT),
    "event_params": (Kind.TEXT, cycle(['[{"key": "x"}]'], COUNT)),
}  # fmt: skip
GERMAN = {
    "Bestellnummer": ids("B", COUNT), "Kunden-Nr.": cycle(ids("K", 40), COUNT), "Bestelldatum": [f"{1 + n % 28:02}.03.2026" for n in range(COUNT)],
    "Gesamtbetrag (EUR)": [amount.replace(".", ",") for amount in AMOUNTS], "Warengruppe": cycle(["Möbel", "Getränke"], COUNT),
    "Zahlungsstatus": cycle(["bezahlt", "storniert", "offen"], COUNT),
}  # fmt: skip


@pytest.mark.parametrize(
    ("named", "columns", "table", "expected"),
    [
        ("orders_export.csv", SHOPIFY, "transactions",
         {"transaction_id": "Id", "user_id": "lower(Email)", "transaction_at": '"Paid at"', "amount_usd": "Total", "status": '"Financial Status"'}),
        ("unified_payments.csv", STRIPE, "transactions",
         {"transaction_id": "id", "user_id": '"Customer ID"', "transaction_at": '"Created date (UTC)"', "amount_usd": "Amount", "fee_usd": "Fee",
          "status": "Status"}),
        ("tracks.csv", SEGMENT, "events", {"event_id": "id", "user_id": "user_id", "event_name": "event", "event_at": "original_timestamp"}),
        ("atomic_events.csv", SNOWPLOW, "events",
         {"event_id": "event_id", "user_id": "user_id", "event_name": "event_name", "event_at": "derived_tstamp", "session_id": "domain_sessionid"}),
        ("ga4.csv", GA4, "events",
         {"event_id": "md5(user_pseudo_id || '|' || event_name || '|' || event_timestamp)", "user_id": "user_pseudo_id", "event_name": "event_name",
          "event_at": "floor(cast(event_timestamp as bigint) / 1000)", "properties": "event_params"}),
        ("bestellungen.csv", GERMAN, "transactions",
         {"transaction_id": "Bestellnummer", "user_id": '"Kunden-Nr."', "transaction_at": "Bestelldatum", "amount_usd": '"Gesamtbetrag (EUR)"',
          "category": "Warengruppe", "status": "Zahlungsstatus"}),
    ],
)  # fmt: skip
def test_exports_of_common_products_and_of_a_german_shop_are_recognised(named, columns, table, expected):
    assert sources_of(table, look(named, columns)) == expected


def test_columns_that_no_name_says_are_found_by_their_values_and_said_to_be_unsure():
    strange = look(
        "dump.csv", {"pk": ids("x", COUNT), "who": cycle(ids("c", 100), COUNT), "x1": DAYS, "x2": AMOUNTS}
    )
    cells = cells_of("transactions", users(), strange)
    assert {name: cell.source for name, cell in cells.items() if cell.column.required} == {
        "transaction_id": "pk",
        "user_id": "who",
        "transaction_at": "x1",
        "amount_usd": "x2",
    }
    assert all(
        any("by its values alone" in doubt for doubt in cells[name].doubts)
        for name in ("transaction_id", "transaction_at", "amount_usd")
    )
    assert not cells["user_id"].doubts  # its values are the ids of the users


def test_a_source_is_given_to_one_table_and_a_table_one_source():
    proposal = propose(
        [
            users(),
            orders(),
            orders(named="more_orders.csv"),
            look("colours.csv", {"colour": cycle(["red"], 9), "code": ids("x", 9)}),
        ]
    )
    assert [(table.table.name, table.look.named) for table in proposal.tables] == [
        ("users", "customers.csv"),
        ("transactions", "orders.csv"),
    ]
    assert [(seen.named, like) for seen, like in proposal.left] == [
        ("more_orders.csv", "transactions"),
        ("colours.csv", None),
    ]


def test_a_table_that_lacks_what_every_row_needs_is_not_usable():
    proposal = propose(
        [
            look(
                "customers.csv",
                {"customer_id": ids("c", COUNT), "email": [f"c{n}@x.example" for n in range(COUNT)]},
            )
        ]
    )
    (table,) = proposal.tables
    assert table.lacking == ("created_at",)
    assert proposal.usable == ()


def test_two_columns_that_are_as_likely_are_named_both():
    cells = cells_of("transactions", users(), orders(paid_at=DAYS))
    assert '"paid_at" could be it as well' in cells["transaction_at"].doubts


@pytest.mark.parametrize(
    ("name", "values", "options", "doubt"),
    [
        ("created_at", DAYS, {}, "read as UTC; if they are local add timezone: Europe/Berlin"),
        ("created_at", [f"{day}Z" for day in DAYS], {}, None),
        ("created_at_utc", DAYS, {"timezone": "UTC"}, None),
        ("created_at", [day[:10] for day in DAYS], {"timezone": "Europe/Berlin"}, "days of the business time zone"),
        ("created_at", [f"{1 + n % 12:02}/{1 + n % 11:02}/2026" for n in range(COUNT)],
         {"format": "%d/%m/%Y", "timezone": "Europe/Berlin"}, "day and month could be the other way round"),
        ("created_at", [*["31.01.2026"] * (COUNT - 1), "soon"], {"format": "%d.%m.%Y", "timezone": "Europe/Berlin"}, "every one has to be"),
    ],
)  # fmt: skip
def test_zones_and_formats_that_nothing_says_are_said_to_be_unsure(name, values, options, doubt):
    people = look(
        "users.csv", {"user_id": ids("u", COUNT), name: values, "country": cycle(["DE", "AT"], COUNT)}
    )
    cell = cells_of("users", people)["created_at"]
    assert cell.options == options
    assert any(doubt in each for each in cell.doubts) if doubt else not cell.doubts


def test_another_column_of_the_source_tells_whether_days_come_first():
    two = [f"{1 + n % 12:02}/{1 + n % 11:02}/2026" for n in range(COUNT)]
    people = look(
        "users.csv", {"user_id": ids("u", COUNT), "created_at": two, "birthday": cycle(["12/31/1990"], COUNT)}
    )
    cell = cells_of("users", people)["created_at"]
    assert cell.options["format"] == "%m/%d/%Y"
    assert not any("other way round" in doubt for doubt in cell.doubts)


@pytest.mark.parametrize(
    ("columns", "amount", "currency", "code"),
    [
        ({"currency": cycle(["EUR"], COUNT)}, "total", "currency", "EUR"),
        ({"CUR": cycle(["chf"], COUNT)}, "total", '"CUR"', "CHF"),
        ({"total": [f"€ {amount}" for amount in AMOUNTS]}, "trim(replace(total, '€', ''))", "EUR", "EUR"),
        ({"total": [f"{amount}\u00a0£" for amount in AMOUNTS]}, "trim(replace(replace(total, '£', ''), '\u00a0', ''))", "GBP", "GBP"),
    ],
)  # fmt: skip
def test_the_currency_is_taken_from_a_column_of_codes_or_from_the_amounts_signs(
    columns, amount, currency, code
):
    looks = (users(), orders(**columns))
    cell = cells_of("transactions", *looks)["amount_usd"]
    assert (cell.source, cell.options) == (amount, {"currency": currency})
    assert propose(looks).currency.code == code


def test_the_currency_is_taken_from_a_name_else_from_the_users_home_and_else_is_not_known():
    named = look(
        "orders.csv",
        {
            "order_id": ids("o", COUNT),
            "customer_id": ids("c", COUNT),
            "ordered_at": DAYS,
            "total_sek": AMOUNTS,
        },
    )
    assert cells_of("transactions", named)["amount_usd"].options == {"currency": "SEK"}
    proposal = propose([users(country=cycle(["Österreich", "Deutschland"], COUNT)), orders()])
    assert proposal.currency.code == "EUR"
    assert proposal.table("transactions").cells["amount_usd"].doubts == (
        "nothing says the currency; most users are in AT",
    )
    assert propose([users(), orders()]).currency is None
    assert cells_of("transactions", users(), orders())["amount_usd"].options == {}


def test_of_several_currencies_the_most_frequent_stays_and_where_leaves_the_others_out():
    table = propose([users(), orders(currency=cycle(["EUR", "EUR", "CHF"], COUNT))]).table("transactions")
    assert table.where.sql == "upper(trim(currency)) = 'EUR'"
    assert table.where.doubts == ("rows in CHF are left out by where",)


def test_cents_become_whole_units_and_whole_numbers_are_said_to_be_unsure():
    cents = [str(500 + 37 * n) for n in range(COUNT)]
    looks = [users(), orders()]
    columns = {column.name: column.cells for column in looks[1].columns if column.name != "total"}
    assert cells_of("transactions", users(), look("orders.csv", columns | {"amount_cents": cents}))[
        "amount_usd"
    ].source == ("cast(amount_cents as decimal(18, 4)) / 100")
    cell = cells_of("transactions", users(), orders(total=cents))["amount_usd"]
    assert cell.source == "total" and any("if these are cents" in doubt for doubt in cell.doubts)


def test_states_become_the_contract_s_three_words_and_unknown_ones_are_named():
    cell = cells_of(
        "transactions",
        users(),
        orders(state=cycle(["Paid", "posted", "on-hold", "returned", "mystery"], COUNT)),
    )["status"]
    assert cell.options == {"values": {"Paid": "posted", "on-hold": "pending", "returned": "declined"}}
    assert "say which of posted, pending and declined is 'mystery'" in cell.doubts
    assert any("refunds are rows of their own" in doubt for doubt in cell.doubts)
    unknown = cells_of("transactions", users(), orders(state=cycle(["TX", "NY"], COUNT)))["status"]
    assert unknown.source is None and unknown.doubts == (
        '"state" could be it, but none of its values is known here',
    )


def test_testers_are_found_in_users_and_test_rows_are_left_out_of_the_others():
    people = users(is_internal=cycle(["ja", "nein"], COUNT))
    assert cells_of("users", people)["is_test_user"].options == {"values": {"ja": True, "nein": False}}
    table = propose([people, orders(is_test=cycle(["true", "false"], COUNT))]).table("transactions")
    assert table.where.sql == "coalesce(lower(trim(is_test)), '') not in ('true')"
    typed = look(
        "SHOP.ORDERS",
        {column.name: column.cells for column in orders().columns}
        | {"is_test": (Kind.BOOLEAN, cycle(["true"], COUNT))},
        relation=True,
    )
    assert propose([people, typed]).table("transactions").where.sql == "not coalesce(is_test, false)"


def test_rows_without_what_every_row_needs_are_left_out_and_counted():
    guests = [None if n % 4 == 0 else f"c{n % 40}" for n in range(COUNT)]
    table = propose([users(), orders(customer_id=guests)]).table("transactions")
    assert table.where.sql == "customer_id is not null"
    assert table.where.doubts == ("25 % of the sampled rows have no user_id and are left out",)


@pytest.mark.parametrize(
    ("name", "doubts"),
    [
        ("_fivetran_synced", 0),
        ("_loaded_at", 0),
        ("_airbyte_extracted_at", 0),
        ("updated_at", 1),
        ("shipped_at", None),
    ],
)
def test_a_table_s_column_of_load_times_is_found(name, doubts):
    columns = {column.name: column.cells for column in orders().columns} | {name: (Kind.TIMESTAMP, DAYS)}
    table = propose([users(), look("SHOP.ORDERS", columns, relation=True)]).table("transactions")
    assert (table.loaded_at is None) == (doubts is None)
    if table.loaded_at is not None:
        assert (table.loaded_at.sql, len(table.loaded_at.doubts)) == (name, doubts)
    assert propose([users(), look("orders.csv", columns)]).table("transactions").loaded_at is None


def test_null_words_are_found_among_numbers_and_are_names_elsewhere():
    table = propose(
        [users(), orders(total=["n/a", *AMOUNTS[1:]], department=cycle(["NA", "Toys"], COUNT))]
    ).table("transactions")
    assert table.look.csv.null_words == ("n/a",)
    assert table.where.sql == "total is not null"


def test_fees_become_basis_points():
    weeks = [f"2026-{1 + n // 4:02}-{1 + 7 * (n % 4):02}" for n in range(20)]
    ends = [f"2026-{1 + n // 4:02}-{7 + 7 * (n % 4):02}" for n in range(20)]
    for name, values, source, doubt in (
        ("fee_bps", cycle(["25", "30"], 20), "fee_bps", None),
        ("fee", cycle(["0.0025", "0.003"], 20), "cast(fee as decimal(18, 4)) * 10000", "taken for shares"),
        (
            "fee_pct",
            cycle(["0.25", "0.3"], 20),
            "cast(fee_pct as decimal(18, 4)) * 100",
            "taken for percentages",
        ),
    ):
        cell = cells_of(
            "fee_periods", look("fees.csv", {"week": ids("", 20), "from": weeks, "to": ends, name: values})
        )["final_fee_bps"]
        assert cell.source == source
        assert any(doubt in each for each in cell.doubts) if doubt else not cell.doubts


def test_ends_that_are_the_next_start_are_said_to_be_unsure():
    weeks = [f"2026-{1 + n // 4:02}-{1 + 7 * (n % 4):02}" for n in range(21)]
    cells = cells_of(
        "fee_periods",
        look(
            "fees.csv",
            {"id": ids("", 20), "valid_from": weeks[:20], "valid_to": weeks[1:], "bps": cycle(["25"], 20)},
        ),
    )
    assert any("the next starts" in doubt for doubt in cells["period_end_date"].doubts)
    assert cells["period_end_date"].options == {}  # days have no zone


def test_the_folder_of_a_partition_becomes_a_column_only_where_nothing_else_says_it():
    def in_folders(columns):
        seen = look("orders/dt=*/*.csv", columns)
        folder = SeenColumn("dt", Kind.TEXT, tuple(day[:10] for day in DAYS), partition=True)
        return propose([users(), replace(seen, columns=(*seen.columns, folder))]).table("transactions")

    columns = {column.name: column.cells for column in orders().columns}
    assert in_folders(columns).partitions == ()
    del columns["ordered_at"]
    table = in_folders(columns)
    assert (table.cells["transaction_at"].source, table.partitions) == ("dt", ("dt",))


def test_the_as_of_date_is_the_first_day_after_the_months_that_the_data_cover():
    assert propose([users(), orders()]).as_of.isoformat() == "2026-05-01"  # DAYS end on 8 May
    ends = orders(ordered_at=[*DAYS[1:], "2026-05-30 23:00:00"])
    assert propose([users(), ends]).as_of.isoformat() == "2026-06-01"
    sentinel = orders(ordered_at=[*DAYS[1:], "9999-12-31 00:00:00"])
    assert propose([users(), sentinel]).as_of is None


def test_a_number_of_milliseconds_is_the_moment_of_an_event_and_not_the_folder_of_its_day():
    folder = SeenColumn("day", Kind.TEXT, tuple(day[:10] for day in DAYS), partition=True)
    moments = [str(1_780_000_000_000 + 1_000 * number) for number in range(COUNT)]
    columns = {"eid": ids("e", COUNT), "customer_id": cycle(ids("c", 40), COUNT), "name": cycle(["won", "lost"], COUNT)}  # fmt: skip
    seen = look("log.ndjson", columns | {"t": (Kind.INTEGER, moments)}, csv=False)
    events = propose([users(), replace(seen, columns=(*seen.columns, folder))]).table("events")
    assert (events.cells["event_at"].source, events.partitions) == ("t", ())
    assert events.cells["event_at"].options["format"] == "epoch_milliseconds"
