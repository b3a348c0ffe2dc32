"""Tidemark: customer segments as of an exact date, published only after they have been validated."""
