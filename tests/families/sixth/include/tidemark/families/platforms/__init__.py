"""Where do users create their accounts?"""

from include.tidemark.families.family import Family

FAMILY = Family(
    name="platforms", sources=("users",), questions=("shares",), overview="data/platform_users.csv"
)
