"""Three synthetic exports as other systems write them: a shop's, an app's and an exchange's. No real person
is in them.

PYTHONPATH=. python -m tests.your_data.exports shop /tmp/shop
"""

import gzip
import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

AS_OF = date(2026, 6, 1)
BERLIN = ZoneInfo("Europe/Berlin")


def shop(folder: Path, customers: int = 3_000) -> None:
    """A German shop: semicolons, decimal commas, local times as dd.mm.yyyy, euros, cancelled orders, two
    testers."""
    rng = np.random.default_rng(20260601)
    joined = pd.Timestamp(2024, 6, 1) + pd.to_timedelta(rng.integers(0, 720, customers), unit="D")
    people = pd.DataFrame(
        {
            "Customer ID": [f"K{number:05d}" for number in range(1, customers + 1)],
            "Joined": [day.strftime("%d.%m.%Y") for day in joined],
            "Country": rng.choice(["DE", "AT", "CH"], customers, p=[0.7, 0.2, 0.1]),
            "E-Mail": [f"customer{number}@shop.example" for number in range(1, customers + 1)],
            "Test Account": np.where(np.arange(customers) < 2, "ja", "nein"),
        }
    )
    orders = _orders(rng, joined)
    folder.mkdir(parents=True, exist_ok=True)
    options = {"sep": ";", "index": False, "encoding": "utf-8", "lineterminator": "\n"}
    people.to_csv(folder / "customers.csv", **options)  # type: ignore[call-overload]
    orders.to_csv(folder / "orders.csv", decimal=",", **options)  # type: ignore[call-overload]


def _orders(rng: np.random.Generator, joined: pd.DatetimeIndex) -> pd.DataFrame:
    """Orders of a year and a half. Customers differ in how often and how much they buy, and a part of them
    changes over time."""
    end = datetime(2026, 6, 20, tzinfo=BERLIN)
    per_month = rng.gamma(1.2, 1.1, len(joined))
    size = np.exp(rng.normal(3.6, 0.6, len(joined)))
    travels = rng.random(len(joined)) < 0.12
    frugal = rng.random(len(joined)) < 0.25
    fading = rng.random(len(joined)) < 0.2
    rows = []
    for index, first in enumerate(joined):
        start = max(
            datetime(first.year, first.month, first.day, 9, tzinfo=BERLIN),
            datetime(2025, 1, 1, tzinfo=BERLIN),
        )
        days = (end - start).days
        for day in (
            sorted(rng.integers(0, days, rng.poisson(per_month[index] * days / 30))) if days > 0 else ()
        ):
            at = start + timedelta(days=int(day), minutes=int(rng.integers(-60, 700)))
            if fading[index] and at > datetime(2026, 3, 1, tzinfo=BERLIN) and rng.random() < 0.7:
                continue
            department = _department(rng, travels[index], frugal[index])
            amount = size[index] * np.exp(rng.normal(0, 0.5)) * (6 if department == "Reisen" else 1)
            rows.append((f"K{index + 1:05d}", at, round(float(amount), 2), department))
    frame = pd.DataFrame(rows, columns=["Customer ID", "at", "Total", "Department"])
    frame = frame.sort_values(["at", "Customer ID"], kind="stable").reset_index(drop=True)
    frame.insert(0, "Order No", [f"B{number:06d}" for number in range(1, len(frame) + 1)])
    frame.insert(2, "Ordered At", [at.strftime("%d.%m.%Y %H:%M") for at in frame.pop("at")])
    frame["State"] = rng.choice(["paid", "cancelled", "open"], len(frame), p=[0.95, 0.04, 0.01])
    refunds = rng.random(len(frame)) < 0.01
    frame.loc[refunds, "Total"] *= -1
    return frame[["Order No", "Customer ID", "Ordered At", "Total", "Department", "State"]]


def _department(rng: np.random.Generator, travels: bool, frugal: bool) -> str:
    if travels and rng.random() < 0.4:
        return "Reisen"
    names = ["Lebensmittel", "Drogerie", "Garten", "Spielzeug"]
    return str(rng.choice(names, p=[0.6, 0.2, 0.1, 0.1] if frugal else [0.2, 0.2, 0.3, 0.3]))


def app(folder: Path, users: int = 1_200) -> None:
    """An app without payments: accounts as Parquet with zoned times, events as one gzipped JSON file a
    day."""
    rng = np.random.default_rng(7)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    signed_up = [start + timedelta(minutes=int(m)) for m in rng.integers(0, 85 * 1440, users)]
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(
        {
            "uid": [f"u-{number}" for number in range(users)],
            "signed_up": pd.to_datetime(signed_up, utc=True),
            "os": rng.choice(["ios", "android"], users),
            "internal": np.arange(users) < 3,
        }
    ).to_parquet(folder / "accounts.parquet")
    by_day: dict[str, list[dict[str, object]]] = {}
    for index, joined in enumerate(signed_up):
        keen = rng.random() < 0.4
        for offset in range(min(60, (datetime(2026, 6, 3, tzinfo=UTC) - joined).days)):
            for session in range(rng.poisson((1.2 if keen else 0.35) * 0.97**offset)):
                at = joined + timedelta(days=offset, minutes=float(rng.uniform(5, 600)))
                names = ["opened", *rng.choice(["prompted", "swiped", "saved", "shared"], rng.integers(0, 4))]
                for number, name in enumerate(names):
                    moment = at + timedelta(seconds=20 * number)
                    by_day.setdefault(f"{moment:%Y-%m-%d}", []).append(
                        {
                            "id": f"{index}-{offset}-{session}-{number}",
                            "user": f"u-{index}",
                            "event": str(name),
                            "ts": int(moment.timestamp() * 1000),
                            "session": f"s{index}-{offset}-{session}",
                        }
                    )
    for day, events in by_day.items():
        file = folder / "events" / f"dt={day}" / "part-0.ndjson.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress("".join(json.dumps(e) + "\n" for e in events).encode(), mtime=0))


def exchange(folder: Path, users: int = 900) -> None:
    """An exchange with fees that change by the week: swaps with times in seconds since 1970, prices by
    day."""
    rng = np.random.default_rng(11)
    first = datetime(2025, 12, 1, tzinfo=UTC)
    weeks = 28
    folder.mkdir(parents=True, exist_ok=True)
    joined = rng.integers(0, 100, users)
    pd.DataFrame(
        {
            "wallet": [f"0x{number:040x}" for number in range(users)],
            "first_seen": [(first + timedelta(days=int(day))).isoformat() for day in joined],
            "region": rng.choice(["EU", "US", "APAC"], users),
        }
    ).to_csv(folder / "wallets.csv", index=False)
    fees = rng.choice([5.0, 10.0, 20.0, 30.0], weeks)
    mondays = [date(2025, 12, 1) + timedelta(weeks=week) for week in range(weeks)]
    pd.DataFrame(
        {
            "week": range(weeks),
            "from": mondays,
            "to": [day + timedelta(days=6) for day in mondays],
            "bps": fees,
        }
    ).to_csv(folder / "fees.csv", index=False)
    rows = []
    for user in range(users):
        rate, size = rng.gamma(1.0, 1.0), np.exp(rng.normal(6, 1.5))
        for week in range(joined[user] // 7, weeks):
            for _ in range(rng.poisson(rate * np.exp(-0.01 * fees[week]))):
                at = first + timedelta(days=7 * week, seconds=float(rng.uniform(0, 7 * 86_400)))
                volume = round(float(size * np.exp(rng.normal(0, 0.8))), 2)
                rows.append(
                    (f"0x{user:040x}", int(at.timestamp()), volume, round(volume * fees[week] / 1e4, 4))
                )
    frame = pd.DataFrame(rows, columns=["wallet", "block_time", "volume", "fee"]).sort_values("block_time")
    frame.insert(0, "tx", [f"0xt{number:08x}" for number in range(len(frame))])
    frame["pair"] = rng.choice(["ETH/USDC", "BTC/USDC"], len(frame))
    frame.to_parquet(folder / "swaps.parquet", index=False)
    days = [date(2025, 12, 1) + timedelta(days=number) for number in range(7 * weeks)]
    pd.DataFrame(
        {
            "day": days,
            "btc": (90_000 * np.exp(np.cumsum(rng.normal(0, 0.02, len(days))))).round(2),
            "eth": (3_000 * np.exp(np.cumsum(rng.normal(0, 0.03, len(days))))).round(2),
        }
    ).to_csv(folder / "prices.csv", index=False)


EXPORTS = {"shop": shop, "app": app, "exchange": exchange}

if __name__ == "__main__":
    EXPORTS[sys.argv[1]](Path(sys.argv[2]))
