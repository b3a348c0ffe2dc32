"""A deployment that faults happen to: its first month is published, the second one is to be."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from pkgutil import resolve_name
from typing import Any
from unittest import mock

from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.pipeline.publish import publish
from include.tidemark.run import Run
from tests.pipeline.deployment import AS_OF, FIRST, STARTED, VIEWS, Deployment

OLD = "the old month"
NEW = "the new month"
BETWEEN = "the new month in the views, the old one in the files"
"""What a moment between ledger and pointers shows: each of the two is one whole month."""


class World(Deployment):
    """A deployment with a scratch folder of its own, in which a month can be begun anywhere and looked at at
    any time."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.scratch = folder / "scratch"
        self.scratch.mkdir(exist_ok=True)
        self.settings = self.settings.model_copy(update={"scratch_dir": self.scratch})

    @property
    def waiting(self) -> Run:
        """The run that has passed its gate and waits for publication."""
        return Run.model_validate_json((self.folder / "run.json").read_text(encoding="utf-8"))

    def month(self, **parameters: Any) -> None:
        """A whole run, as a shell starts it."""
        run_in_order(
            self.settings, {"as_of_date": AS_OF, "n_resamples": 1000} | parameters, STARTED, "faults"
        )

    def publish(self) -> None:
        """The last stage of the run that waits."""
        publish(self.waiting, self.settings)

    def shown(self) -> str:
        """Which month consumers see, in views and files, each of them whole.

        Raises:
            AssertionError: they see something that is no whole month.
        """
        named = {self._named("latest.json"), self._named("index.json")}
        files = {(FIRST, FIRST): OLD, (AS_OF, AS_OF): NEW, (AS_OF, FIRST): BETWEEN}
        views = {
            str(row["as_of_date"]) for view in VIEWS if view.endswith("_current") for row in self._dates(view)
        }
        assert len(views) == 1, f"the views show {sorted(views)}"
        return files[(views.pop(), min(named))]

    def _dates(self, view: str) -> list[dict]:
        return self.query(f"select distinct as_of_date from {view}")

    def _named(self, pointer: str) -> str:
        said = json.loads((self.folder / "artifacts" / pointer).read_text(encoding="utf-8"))
        return str(said.get("as_of_date") or said["months"][0]["as_of_date"])

    def content(self) -> dict[str, str]:
        """Digests of the rows of every view, and of the published tables of every published run."""
        artifacts = self.folder / "artifacts"
        runs = self.query("select distinct as_of_date, run_key from control.publications")
        folders = [artifacts / f"as_of={row['as_of_date']}" / f"run={row['run_key']}" for row in runs]
        files = [file for folder in folders for file in (folder / "data").rglob("*") if file.is_file()]
        digests = {str(f.relative_to(artifacts)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}
        return digests | {view: self.digest_of(view) for view in VIEWS}

    def left_behind(self) -> list[str]:
        """What should be nowhere when everything has ended."""
        parts = list((self.folder / "artifacts").rglob("*.part"))
        return sorted(str(f.relative_to(self.folder)) for f in [*parts, *self.scratch.iterdir()])

    def in_another_process(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run Python code in which `world` is this deployment."""
        head = f"from pathlib import Path\nfrom tests.faults.world import World, at_call\nworld = World(Path({str(self.folder)!r}))\n"
        return subprocess.run(
            [sys.executable, "-c", head + code], capture_output=True, text=True, timeout=1_200, check=False
        )


def restored(snapshot: Path, folder: Path) -> World:
    """The deployment as it was when the snapshot was taken, at its old path: files are known by their
    paths."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(snapshot, folder)
    return World(folder)


def at_call(target: str, number: int, act: Callable[[], Any]) -> None:
    """From now on the call of that number of a function, named as `module:object`, first does something
    else."""
    held, name, called = _counted(target, lambda call: act() if call == number else None)
    setattr(held, name, called)


@contextmanager
def before_call(target: str, number: int, act: Callable[[], Any]) -> Iterator[None]:
    """Within the block, the call of that number of a function first does something else."""
    held, name, called = _counted(target, lambda call: act() if call == number else None)
    with mock.patch.object(held, name, called):
        yield


@contextmanager
def calls_that_fail(target: str, error: Exception, number: int = 1) -> Iterator[None]:
    """Within the block, the call of that number fails, and every one after it."""

    def fail(call: int) -> None:
        if call >= number:
            raise error

    held, name, called = _counted(target, fail)
    with mock.patch.object(held, name, called):
        yield


def _counted(target: str, before: Callable[[int], Any]) -> tuple[Any, str, Callable[..., Any]]:
    """Who holds a function, its name there, and the function with something before each call, which is told
    the call's number."""
    owner, _, name = target.rpartition(".") if "." in target.partition(":")[2] else target.rpartition(":")
    held = resolve_name(owner)
    real, calls = getattr(held, name), count(1)

    def called(*arguments: Any, **named: Any) -> Any:
        before(next(calls))
        return real(*arguments, **named)

    return held, name, called
