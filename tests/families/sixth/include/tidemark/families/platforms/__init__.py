"""On which platforms do people sign up at weekends?"""

from include.tidemark.families.family import Family

FAMILY = Family(
    name="platforms", sources=("users",), questions=("weekends",), overview="data/platform_users.csv"
)
