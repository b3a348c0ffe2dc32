"""The product's version: CONTRIBUTING.md says what it promises, CHANGELOG.md what each one brought."""

__version__ = "1.0.0"
