"""Who plans, who only comes along, and do the planners stay?"""

from include.tidemark.families.family import Family

FAMILY = Family(
    name="planners",
    sources=("users", "events"),
    overview="data/user_segmentation_summary.csv",
    questions=("shares", "weeks", "comparison"),
    deciding_rules=(
        "planner_min_prompts",
        "planner_min_swipes",
        "planner_active_max_days",
        "planner_churned_after_days",
        "almost_planner_min_prompts",
        "almost_planner_min_swipes",
    ),
)
