"""A shop's own export and the deployment that maps it, sound in everything that the doctor looks at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.tidemark.doctor.examination import Examination
from include.tidemark.doctor.findings import Finding

STARTED = datetime(2026, 11, 1, 6, tzinfo=UTC)
AS_OF = date(2026, 11, 1)
ZONE = "Europe/Berlin"
MARK = "MARKED-CELL"
"""Is in cells; no output may hold it."""
SECRET = "a-marked-secret-key"

CUSTOMERS = {
    "files": "customers.csv",
    "columns": {
        "user_id": "customer",
        "created_at": {"from": "joined", "format": "%d.%m.%Y", "timezone": ZONE},
    },
}
ORDERS = {
    "files": "orders.csv",
    "columns": {
        "transaction_id": '"Order No"',
        "user_id": "customer",
        "transaction_at": {"from": "ordered", "format": "%d.%m.%Y %H:%M", "timezone": ZONE},
        "amount": {"from": "total", "currency": "EUR"},
        "category": "department",
        "status": {"from": "state", "values": {"paid": "posted"}},
    },
}
Rows = list[dict[str, Any]]


def customers() -> Rows:
    return [{"customer": f"c{n}", "joined": f"{1 + n % 28:02}.{1 + n % 9:02}.2026"} for n in range(40)]


def orders(count: int = 480) -> Rows:
    """Twenty a day before the as-of date, from 7:00 to 23:00."""
    return [
        {
            "Order No": f"o{n}",
            "customer": f"c{n % 40}",
            "ordered": f"{datetime(2026, 10, 31) - timedelta(days=n // 20):%d.%m.%Y} {7 + n % 17:02}:{n % 60:02}",
            "total": f"{10 + n % 50}.50",
            "department": "GROCERY",
            "state": "paid",
        }
        for n in range(count)
    ]


@dataclass
class Shop:
    """The deployment's folders, which a test spoils before it asks the doctor."""

    folder: Path
    customers: Rows = field(default_factory=customers)
    orders: Rows = field(default_factory=orders)
    sources: dict[str, Any] = field(
        default_factory=lambda: yaml.safe_load(yaml.safe_dump({"users": CUSTOMERS, "transactions": ORDERS}))
    )
    rules: dict[str, Any] = field(
        default_factory=lambda: {
            "business_timezone": ZONE,
            "currency": "EUR",
            "category_groups": {"GROCERY": "necessities"},
        }
    )

    @property
    def columns(self) -> dict[str, Any]:
        """The mapping of the orders."""
        found: dict[str, Any] = self.sources["transactions"]["columns"]
        return found

    def write(self) -> None:
        """Write files and configuration."""
        for folder in ("landing", "config"):
            (self.folder / folder).mkdir(exist_ok=True)
        for name, rows in (("customers", self.customers), ("orders", self.orders)):
            (self.folder / "landing" / f"{name}.csv").write_text(csv_of(rows), encoding="utf-8")
        for name, content in (("sources", self.sources), ("rules", self.rules)):
            text = yaml.safe_dump(content, allow_unicode=True)
            (self.folder / "config" / f"{name}.yml").write_text(text, encoding="utf-8")


def csv_of(rows: Rows) -> str:
    lines = [",".join(rows[0]), *(",".join(str(cell) for cell in row.values()) for row in rows)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for name, value in {
        "TIDEMARK_CONFIG_DIR": str(tmp_path / "config"),
        "TIDEMARK_LANDING_URL": (tmp_path / "landing").as_uri(),
        "TIDEMARK_DUCKDB_PATH": str(tmp_path / "warehouse.duckdb"),
        "TIDEMARK_ARTIFACT_ROOT": (tmp_path / "artifacts").as_uri(),
        "TIDEMARK_ID_HASH_KEY": SECRET,
    }.items():
        monkeypatch.setenv(name, value)
    return Shop(tmp_path)


Examine = Callable[..., list[Finding]]


@pytest.fixture
def examine(shop: Shop) -> Examine:
    """Writes the shop and makes a check look at it."""

    def look(check: Callable[[Examination], Iterable[Finding]], as_of: date = AS_OF) -> list[Finding]:
        shop.write()
        with Examination(STARTED, as_of) as examination:
            findings = list(check(examination))
        assert MARK not in str(findings) and SECRET not in str(findings)
        return findings

    return look


def states(findings: Iterable[Finding]) -> set[str]:
    return {finding.state for finding in findings}


def of(findings: Iterable[Finding], subject: str, number: int | None = None) -> Finding:
    """The one finding about a subject, or one of several."""
    found = [finding for finding in findings if finding.subject == subject]
    assert number is not None or len(found) == 1, found
    return found[number or 0]


def worst(findings: Iterable[Finding]) -> Finding:
    """The one finding that is not ok."""
    bad = [finding for finding in findings if finding.state != "ok"]
    assert len(bad) == 1, bad
    assert bad[0].action
    return bad[0]
