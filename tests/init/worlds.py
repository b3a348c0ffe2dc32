"""Exports of businesses that do not exist, each with its own names, dates and signs."""

import csv
import gzip
import json
import random
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

START = datetime(2026, 1, 1, 8, 0)


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path


def moments(count: int, seed: int, days: int = 180) -> list[datetime]:
    draw = random.Random(seed)
    return [START + timedelta(seconds=draw.randrange(days * 86_400)) for _ in range(count)]


def shop(folder: Path) -> list[Path]:
    """A shop: dots in dates, no currency, its own words for everything."""
    draw = random.Random(1)
    people = [
        (f"K{n:05}", f"{at:%d.%m.%Y}", draw.choice(["DE", "AT"]), f"c{n}@shop.example")
        for n, at in enumerate(moments(400, 2))
    ]
    orders = [
        (
            f"O{n}",
            draw.choice(people)[0],
            f"{at:%d.%m.%Y %H:%M}",
            f"{draw.uniform(5, 400):.2f}",
            draw.choice(["Food", "Toys", "Travel"]),
            "cancelled" if draw.random() < 0.05 else "paid",
        )
        for n, at in enumerate(moments(3_000, 3))
    ]
    return [
        write_csv(folder / "members.csv", ["Member No", "Member since", "Nation", "E-Mail"], people),
        write_csv(folder / "orders.csv", ["Order Ref", "Member No", "Ordered at", "Grand Total", "Department", "Order State"], orders),
    ]  # fmt: skip


def german(folder: Path) -> list[Path]:
    """A merchant's export: semicolons, cp1252, decimal commas with dots between thousands, German words."""
    draw = random.Random(4)
    people = [
        (1000 + n, f"{at:%d.%m.%Y}", "Österreich" if n % 3 else "Deutschland", "nein" if n % 50 else "ja")
        for n, at in enumerate(moments(300, 5))
    ]
    orders = [
        (
            90_000 + n,
            draw.choice(people)[0],
            f"{at:%d.%m.%Y %H:%M:%S}",
            f"{amount:,.2f}".translate(str.maketrans(",.", ".,")) + " €",
            draw.choice(["Bücher", "Getränke", "Möbel"]),
            draw.choice(["bezahlt", "bezahlt", "bezahlt", "storniert", "in Bearbeitung"]),
        )
        for n, at in enumerate(moments(2_000, 6))
        for amount in [draw.uniform(5, 2_500)]
    ]
    return [
        write_csv(folder / "kunden.csv", ["Kunden-Nr.", "Kunde seit", "Land", "Testkunde"], people, ";", "cp1252"),
        write_csv(
            folder / "bestellungen.csv", ["Bestellnummer", "Kunden-Nr.", "Bestelldatum", "Gesamtbetrag", "Warengruppe", "Bestellstatus"],
            orders, ";", "cp1252",
        ),
    ]  # fmt: skip


def app(folder: Path) -> list[Path]:
    """An app without purchases: users as NDJSON, events as gzip-compressed NDJSON, one file per day."""
    draw = random.Random(7)
    users = [f"u-{n}" for n in range(200)]
    folder.mkdir(parents=True, exist_ok=True)
    people = folder / "accounts.ndjson"
    people.write_text(
        "".join(
            json.dumps(
                {
                    "accountId": user,
                    "signedUpAt": f"{at.isoformat()}Z",
                    "os": draw.choice(["ios", "android"]),
                    "isInternal": False,
                }
            )
            + "\n"
            for user, at in zip(users, moments(200, 8, 30), strict=True)
        )
    )
    files = [people]
    for day in range(3):
        lines = [
            json.dumps(
                {
                    "uuid": f"e{day}-{n}",
                    "accountId": draw.choice(users),
                    "event": draw.choice(["open", "share", "save", "push_received"]),
                    "ts": int(at.replace(tzinfo=UTC).timestamp() * 1000),
                    "sessionId": f"s{n // 4}",
                    "props": {"n": n},
                }
            )
            + "\n"
            for n, at in enumerate(moments(300, 9 + day, 60))
        ]
        file = folder / "events" / f"events-2026-03-0{day + 1}.ndjson.gz"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(gzip.compress("".join(lines).encode()))
        files.append(file)
    return files


def exchange(folder: Path) -> list[Path]:
    """An exchange that takes fees: trades as Parquet, fees in percent by period, prices of two coins."""
    draw = random.Random(12)
    traders = [f"0x{draw.getrandbits(64):016x}" for _ in range(150)]
    folder.mkdir(parents=True, exist_ok=True)
    files = [
        write_csv(folder / "traders.csv", ["trader_id", "first_seen", "country_code"],
                  [(trader, at.isoformat(" "), draw.choice(["US", "CA"])) for trader, at in zip(traders, moments(150, 13, 20), strict=True)])
    ]  # fmt: skip
    trades = folder / "trades.parquet"
    with duckdb.connect() as engine:
        engine.execute(
            "create table trades (trade_id bigint, trader_id varchar, executed_at timestamp, notional_usd double, fee_usd double, pair varchar)"
        )
        engine.executemany(
            "insert into trades values (?, ?, ?, ?, ?, ?)",
            [
                (n, draw.choice(traders), at, amount, amount * 0.0025, draw.choice(["ETH-USDC", "BTC-USDC"]))
                for n, at in enumerate(moments(800, 14, 150))
                for amount in [round(draw.lognormvariate(6, 1), 2)]
            ],
        )
        engine.execute(f"copy trades to '{trades}' (format parquet)")
    weeks = [date(2026, 1, 5) + timedelta(weeks=n) for n in range(20)]
    files += [
        trades,
        write_csv(
            folder / "fee_schedule.csv",
            ["week_no", "valid_from", "valid_to", "fee_pct"],
            [
                (n, week, week + timedelta(days=6), draw.choice(["0.25", "0.30"]))
                for n, week in enumerate(weeks)
            ],
        ),
        write_csv(
            folder / "prices.csv",
            ["day", "btc_price", "eth_price"],
            [(date(2026, 1, 1) + timedelta(days=n), 60_000 + 10 * n, 3_000 + n) for n in range(150)],
        ),
    ]
    return files


WORLDS: dict[str, Callable[[Path], list[Path]]] = {
    "shop": shop,
    "german": german,
    "app": app,
    "exchange": exchange,
}
