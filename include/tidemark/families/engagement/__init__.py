"""How engaged are users, what are they worth, and do they come back?"""

from include.tidemark.families.family import Family

FAMILY = Family(
    name="engagement",
    sources=("users", "events", "transactions"),
    questions=("segments", "retention", "funnel"),
)
