"""A run's progress in the shell: a line a stage, and within the long ones a line that moves where there is a
terminal."""

import time
from collections.abc import Mapping

from rich.console import Console
from rich.live import Live
from rich.text import Text

from include.tidemark.pipeline.progress import STAGES, Progress

_EVERY_SECONDS = 5.0
"""How often a long stage prints a line where none can move."""


class ShownProgress(Progress):
    """Shows a run on stderr, so that stdout is left for its result. A context manager: the moving line ends
    with the block.

    Args:
        expected: seconds by stage of an earlier month; a stage that is not in it shows no expectation.
    """

    def __init__(self, expected: Mapping[str, float], console: Console | None = None) -> None:
        self.stage = ""
        """The stage that is going on, or the last one."""
        self.ended: set[str] = set()
        self._expected = expected
        self._console = console or _Console(stderr=True, highlight=False, soft_wrap=True)
        self._live: Live | None = None
        self._started = self._printed = 0.0
        self._counted = ""

    def __enter__(self) -> "ShownProgress":
        return self

    def __exit__(self, *_: object) -> None:
        self._hide()

    def announces(self, sentence: str) -> None:
        """Print what is going to run."""
        self._console.print(sentence, markup=False)

    def starts(self, stage: str) -> None:
        self.stage, self._counted = stage, ""
        self._started = self._printed = time.perf_counter()
        if self._console.is_interactive:
            self._live = Live(
                console=self._console,
                get_renderable=self._moving_line,
                transient=True,
                auto_refresh=True,
                refresh_per_second=4,
                redirect_stdout=False,
            )
            self._live.start()

    def advances(self, done: int, total: int, what: str) -> None:
        self._counted = f"{done} of {total} {what}"
        now = time.perf_counter()
        if self._live is None and now - self._printed >= _EVERY_SECONDS:
            self._printed = now
            self._console.print(self._line(now - self._started, self._counted), markup=False)

    def ends(self, stage: str, seconds: float) -> None:
        self._hide()
        self.ended.add(stage)
        self._console.print(self._line(seconds, self._counted), markup=False)

    def _hide(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _moving_line(self) -> Text:
        return Text(
            self._line(time.perf_counter() - self._started, self._counted or "..."),
            no_wrap=True,
            overflow="ellipsis",
        )

    def _line(self, seconds: float, more: str = "") -> str:
        expected = f"(last {self._expected[self.stage]:.1f} s)" if self.stage in self._expected else ""
        place = f"{STAGES.index(self.stage) + 1}/{len(STAGES)}"
        return f"  {place}  {self.stage:<16}  {seconds:>6.1f} s  {expected:<15}  {more}".rstrip()


class _Console(Console):
    """One that falls silent when its reader goes away: a run is no less worth finishing for that."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
