"""The small sound warehouse of the gate's tests, which a test then spoils in one place."""

from tests.validation.conftest import template, world

__all__ = ["template", "world"]
