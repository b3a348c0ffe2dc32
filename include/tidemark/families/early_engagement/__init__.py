"""Which behaviour of the first week goes with being there four weeks later?"""

from include.tidemark.families.family import Family

FAMILY = Family(
    name="early_engagement",
    sources=("users", "events"),
    questions=("usage", "drivers"),
    overview="data/retention_drivers.csv",
    overview_columns=("Feature", "Odds Ratio", "trust"),
)
