"""What a family says of itself, as its `definitions.yml` says it with the numbers of the run's rules.

`$rules.<rule>` is a rule, and other names are what the family's `values` give. A text that is nothing else is
the value itself, be it a number, a list or a mapping. Texts are in the deployment's currency.
"""

from collections.abc import Mapping
from typing import Any

from include.tidemark.families.family import folder_of
from include.tidemark.families.values import Text, rules_of, values_of
from include.tidemark.run import Run
from include.tidemark.yaml_reading import read_yaml


def definitions(family: str, run: Run) -> dict[str, Any]:
    """The family's part of `definitions/segment_definitions.json`."""
    said = read_yaml((folder_of(family) / "definitions.yml").read_text(encoding="utf-8"))
    values = {**rules_of(run), **values_of(family, run)}
    filled: dict[str, Any] = _filled(said, values, run)
    return filled


def _filled(said: Any, values: Mapping[str, Any], run: Run) -> Any:
    if isinstance(said, dict):
        return {name: _filled(each, values, run) for name, each in said.items()}
    if not isinstance(said, str):
        return said
    name = said.removeprefix("$")
    if said.startswith("$") and name in values:
        return values[name]
    return Text(run.rules.money.words(said)).substitute(values)
