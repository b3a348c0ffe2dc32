"""What being back means, in words with the numbers of the run's rules."""

from include.tidemark.rules import Rules

RETURN_FROM_DAY = 28


def return_window(rules: Rules) -> tuple[int, int]:
    """First and last day on which activity counts as being back."""
    return RETURN_FROM_DAY, RETURN_FROM_DAY + rules.early_engagement_return_days - 1


def retained_in_words(rules: Rules) -> str:
    """The outcome in one sentence."""
    first, last = return_window(rules)
    names = rules.early_engagement_return_events
    what = f"one of the events {', '.join(names)}" if names else "any event"
    days = f"on day {first}" if first == last else f"on at least one of the days {first} to {last}"
    return f"Did {what} {days} after the account was created."
