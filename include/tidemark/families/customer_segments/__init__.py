"""Which of five segments is each customer in, and how do the segments change?"""

from include.tidemark.families.family import Family

FAMILY = Family(
    name="customer_segments",
    sources=("users", "transactions"),
    questions=("profile", "movement", "backtest"),
)
