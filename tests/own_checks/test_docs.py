"""What docs/checks.md says is so."""

import re
from pathlib import Path

from include.tidemark.config.folder import load_config
from include.tidemark.own_checks.declaration import checks_of
from include.tidemark.own_checks.measures import AGGREGATES
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.settings import Settings

PAGE = (PROJECT_ROOT / "docs" / "checks.md").read_text(encoding="utf-8")


def test_the_example_can_be_used_as_it_stands(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "spend.yml").write_text(example, encoding="utf-8")
    config = load_config(Settings(config_dir=tmp_path), {})
    assert [check.stage for check in checks_of(config.documents)] == ["models", "sources", "models"]


def test_every_aggregate_is_named() -> None:
    for name in AGGREGATES.values():
        assert f"`{name}" in PAGE
