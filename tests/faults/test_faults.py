"""Whatever happens, at whatever moment: consumers see a whole month, and what ends the fault leaves what a
clean run leaves."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.pipeline import in_order
from include.tidemark.run import Run
from include.tidemark.upkeep.verify import verify
from include.tidemark.warehouse import open_warehouse
from tests.faults.faults import ELSEWHERE, FAULTS, Fault
from tests.faults.page import page
from tests.faults.world import NEW, World, restored


@pytest.fixture(scope="module")
def folder(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the deployment is at every moment of every fault."""
    place = tmp_path_factory.mktemp("faults") / "deployment"
    shutil.copytree(published, place)
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def snapshots(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The deployment before the run, before its publication, and after it."""
    kept = tmp_path_factory.mktemp("snapshots")
    taken = {name: kept / name for name in ("published", "gated", "clean")}
    world = World(folder)
    shutil.copytree(folder, taken["published"])

    def wait(run: Run, *_: object) -> None:
        (folder / "run.json").write_text(run.model_dump_json(), encoding="utf-8")

    with mock.patch.object(in_order, "publish", wait):
        world.month()
    shutil.copytree(folder, taken["gated"])
    world.publish()
    shutil.copytree(folder, taken["clean"])
    return taken


@pytest.fixture(scope="module")
def clean(snapshots: dict[str, Path], folder: Path) -> dict[str, str]:
    """What consumers can read after a run without a fault."""
    return restored(snapshots["clean"], folder).content()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_consumers_see_a_whole_month_and_the_end_is_that_of_a_clean_run(
    fault: Fault, snapshots: dict[str, Path], folder: Path, clean: dict[str, str]
) -> None:
    world = restored(snapshots[fault.begins], folder)
    assert fault.said in fault.happens(world)
    assert world.shown() == fault.consumers
    fault.ends(world)
    assert world.shown() == fault.at_last
    if fault.at_last == NEW and "clock" not in fault.what:  # another time of start is another run key
        assert world.content() == clean
    with open_warehouse(world.settings) as warehouse:
        assert [finding for finding in verify(world.settings, warehouse) if finding.is_problem] == []
    assert world.left_behind() == []


def test_the_page_lists_every_fault_as_it_was_tried() -> None:
    assert (PROJECT_ROOT / "docs" / "faults.md").read_text(encoding="utf-8") == page(), (
        "docs/faults.md is stale; make it anew with python -m tests.faults.page"
    )


@pytest.mark.parametrize("test", [each.test for each in ELSEWHERE])
def test_what_the_page_says_is_tried_elsewhere_is(test: str) -> None:
    assert (PROJECT_ROOT / test).is_file()
