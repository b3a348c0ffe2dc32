"""The published month of the stages' tests."""

from tests.pipeline.conftest import published

__all__ = ["published"]
