"""What a run tells of itself while it goes on."""

STAGES = (
    "resolve_run", "load_sources", "check_sources", "models", "check_models", "statistics", "check_statistics", "publish",
)  # fmt: skip
"""In the order in which they follow each other."""


class Progress:
    """Listens to a run. This one shows nothing; whoever shows something overrides what it needs."""

    def starts(self, stage: str) -> None:
        """A stage starts."""

    def advances(self, done: int, total: int, what: str) -> None:
        """Within the stage, that many of the models and tests, or of the questions, are done."""

    def ends(self, stage: str, seconds: float) -> None:
        """The stage has done its work; a stage that fails does not end."""
