"""Tidemark: customer segments as of an exact date, published only after they have been validated."""

__version__ = "1.0.0"
"""The product's version; CONTRIBUTING.md says what it promises, CHANGELOG.md what each one brought."""
