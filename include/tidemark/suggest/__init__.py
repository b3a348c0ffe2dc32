"""`tidemark suggest-rules`: thresholds of the five segments that fit a deployment's own customers."""
