"""The families that a deployment can enable: every package in this folder is one, and declares itself as
`FAMILY`.

A family's parts are named, not imported: the DAG file lists the families at every parse, and must not load
statistics, Great Expectations or charts for that.
"""

import pkgutil
from functools import cache
from importlib import import_module

from include.tidemark.errors import SettingsError
from include.tidemark.families.family import Family


@cache
def known_families() -> dict[str, Family]:
    """Every family that this project has, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    return {name: import_module(f"{__name__}.{name}").FAMILY for name in names}


def enabled_families(names: tuple[str, ...]) -> list[Family]:
    """The named families, in the order in which they are named.

    Raises:
        SettingsError: a name is unknown, or none is given.
    """
    known = known_families()
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        wrong = f"the unknown family {unknown[0]!r}" if unknown else "no family"
        raise SettingsError(f"TIDEMARK_FAMILIES names {wrong}; known families: {', '.join(known)}.")
    return [known[name] for name in names]
