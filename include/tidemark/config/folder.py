"""The deployment's folder as a whole: read once when a run is resolved, and carried by the run from then
on."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.tidemark.documents.digest import digest_of
from include.tidemark.documents.document import Document, read_document, validate
from include.tidemark.documents.nearest import nearest
from include.tidemark.enabled import FOLDER as SEGMENTATIONS
from include.tidemark.errors import SettingsError
from include.tidemark.own_checks import FOLDER as CHECKS
from include.tidemark.rules import Rules, load_rules
from include.tidemark.settings import Settings

log = logging.getLogger(__name__)

RULES, SOURCES = "rules.yml", "sources.yml"
FILES = (RULES, SOURCES)
"""What the folder may hold; other YAML files are mistakes, and files of other kinds are the deployment's own
affair."""
FOLDERS = (SEGMENTATIONS, CHECKS)
"""Folders in it, whose files have names of the deployment's own choice."""


@dataclass(frozen=True)
class Config:
    """What a deployment says in its folder, checked."""

    rules: Rules
    documents: Mapping[str, dict[str, Any]]
    """Content of each file by its name, without comments; a file that is not there is not in it."""
    places: Mapping[str, str]
    """Where `sources.yml` says what it says: file and line of each key, such as
    `transactions.columns.amount`."""

    @property
    def digest(self) -> str:
        """SHA-256 of the content: the same for files that say the same."""
        return digest_of(self.documents)


def load_config(settings: Settings, environ: Mapping[str, str] = os.environ) -> Config:
    """Read and check the folder that the settings name.

    Raises:
        SettingsError: the folder or a file in it can't be read or used; the message names file, line and key.
    """
    from include.tidemark.accounting.reasons import refuse_unknown_reasons
    from include.tidemark.config.sources_check import check_sources
    from include.tidemark.segmentations.reading import load_segmentations
    from include.tidemark.sources.sources_file import (
        sources_model,  # sqlglot, not needed where DAGs are parsed
    )

    found = _documents(settings)
    if (deprecated := _deprecated_rules(settings, found)) is not None:
        found[RULES] = deprecated
    rules = load_rules(found.get(RULES), environ)
    if RULES in found:
        refuse_unknown_reasons(found[RULES], rules)
    load_segmentations(
        {name: document for name, document in found.items() if name.startswith(f"{SEGMENTATIONS}/")},
        settings.families,
    )
    if sources := found.get(SOURCES):
        check_sources(sources, validate(sources, sources_model()), rules, settings.warehouse)
    documents = {name: document.content for name, document in found.items()}
    if own := {name: document for name, document in found.items() if name.startswith(f"{CHECKS}/")}:
        from include.tidemark.own_checks.shipped import load_own_checks

        load_own_checks(own, documents, rules, settings)
    return Config(rules, documents, _places(found.get(SOURCES)))


def _places(document: Document | None) -> dict[str, str]:
    if document is None:
        return {}
    return {".".join(map(str, place)): document.where(place) for place in document.lines}


def _documents(settings: Settings) -> dict[str, Document]:
    folder = settings.config_dir
    try:
        if not folder.exists():
            if "config_dir" in settings.model_fields_set:
                raise SettingsError(
                    f"TIDEMARK_CONFIG_DIR is {folder}, which does not exist; correct it, or make the folder with `tidemark init`."
                )
            return {}
        names = sorted(file.name for file in _yaml_files(folder))
        inner = {name: sorted(_yaml_files(folder / name)) for name in FOLDERS if (folder / name).is_dir()}
    except OSError as error:
        raise SettingsError(
            f"The configuration folder {folder} can't be read ({error.strerror}); correct TIDEMARK_CONFIG_DIR or its permissions."
        ) from None
    for name in names:
        if name not in FILES:
            near = nearest(name, FILES)
            hint = f"did you mean {near}?" if near else f"known are {', '.join(FILES)}."
            raise SettingsError(
                f"{folder / name} is no file of a configuration folder; {hint} Rename or remove it."
            )
    for file in (file for files in inner.values() for file in files):
        if file.suffix != ".yml":
            raise SettingsError(f"{file} is not read: call it {file.stem}.yml.")
    return {
        **{name: read_document(folder / name) for name in names},
        **{f"{name}/{file.name}": read_document(file) for name, files in inner.items() for file in files},
    }


def _yaml_files(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if file.suffix.lower() in (".yml", ".yaml")]


def _deprecated_rules(settings: Settings, found: Mapping[str, Document]) -> Document | None:
    if settings.rules_file is None:
        return None
    if RULES in found:
        raise SettingsError(
            f"Both TIDEMARK_RULES_FILE ({settings.rules_file}) and {found[RULES].path} hold rules;"
            " move what you need into the latter and unset the variable."
        )
    log.warning(
        "TIDEMARK_RULES_FILE is deprecated and not read any more from version 2.0.0 on: move %s to %s and unset it.",
        settings.rules_file,
        settings.config_dir / RULES,
    )
    return read_document(settings.rules_file)
