"""Five behavioural segments on rolling 90-day spend."""
