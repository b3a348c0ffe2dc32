"""Upkeep of what is published: what consumers see, whether it is what was published, repair, pruning."""
