"""A shop whose orders come as one file per day."""

from datetime import timedelta
from pathlib import Path

from tests.sources.shop import STARTED, Shop

USERS = "users:\n  files: users.csv\n  columns: {user_id: id, created_at: joined}\n"
ORDERS = (
    "transactions:\n  files: orders/*.csv\n  mode: append\n"
    "  columns: {transaction_id: nr, user_id: who, transaction_at: at, amount: total}\n"
)
HEADER = "nr,who,at,total\n"


class Orders(Shop):
    """A shop that delivers one file of orders per day."""

    def __init__(self, folder: Path) -> None:
        self.landing = folder / "landing"
        (self.landing / "orders").mkdir(parents=True)
        (self.landing / "users.csv").write_text("id,joined\n1,2026-01-01\n")
        super().__init__(folder, USERS + ORDERS, landing_url=self.landing.as_uri())
        self.runs = 0

    def put(self, day: int, *rows: str) -> Path:
        """The file of a day; each row is a number of an order and its total."""
        file = self.landing / "orders" / f"{day:02}.csv"
        lines = "".join(
            f"{number},1,2026-10-{day:02} 12:00,{total}\n"
            for number, _, total in (r.partition("=") for r in rows)
        )
        file.write_text(HEADER + lines)
        return file

    def go(self) -> None:
        """Load, in a run of its own."""
        self.runs += 1
        self.load(started=STARTED + timedelta(hours=self.runs))

    @property
    def totals(self) -> dict[str, float]:
        """The raw rows: number of the order, and its total."""
        return {
            number: float(total)
            for number, total in self.rows("select transaction_id, amount_usd from raw.transactions")
        }

    @property
    def loads(self) -> list[tuple[str, int]]:
        """Name and rows of each loaded file of orders, oldest first."""
        rows = self.rows(
            "select uri, row_count from control.loads where table_name = 'transactions' order by loaded_at, uri"
        )
        return [(uri.rpartition("/")[2], count) for uri, count in rows]

    @property
    def load_times(self) -> dict[str, int]:
        """Number of each order, and how manieth load its load time is."""
        rows = self.rows(
            "select transaction_id, dense_rank() over (order by _loaded_at) as n from raw.transactions"
        )
        return dict(rows)
