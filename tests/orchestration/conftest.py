"""A month that is computed and checked, for those who look at what is published of it."""

from tests.artifacts.conftest import candidate, rules  # noqa: F401 - fixtures
