"""Who plans, who only comes along, and do the planners stay?"""

from include.tidemark.families.family import Family

FAMILY = Family(
    name="planners",
    sources=("users", "events"),
    overview="data/user_segmentation_summary.csv",
    questions=("shares", "weeks", "comparison"),
)
