"""What the deployment says of itself: its environment variables and its configuration folder."""

import difflib
import os
from collections.abc import Iterator

from pydantic import ValidationError

from include.tidemark.artifacts.user_ids import user_ids
from include.tidemark.doctor.examination import Examination
from include.tidemark.doctor.findings import Finding, wrong
from include.tidemark.errors import SettingsError
from include.tidemark.families import enabled_families
from include.tidemark.run import RunOptions
from include.tidemark.settings import Settings, wrong_settings

PREFIX = "TIDEMARK_"
OTHER_VARIABLES = frozenset(
    {"TIDEMARK_CODE_VERSION", "TIDEMARK_DUCKDB_MEMORY_LIMIT", "TIDEMARK_PYTHON", "TIDEMARK_STACK"}
)
"""Variables that something else than the settings reads: the code's version, dbt's profile, the command line,
the demo."""


def look_at_settings(_: Examination) -> Iterator[Finding]:
    """Each `TIDEMARK_*` variable can be used, and something reads it; else the nearest known name."""
    faults = wrong_settings()
    yield from (wrong("settings", fault) for fault in faults)
    given = sorted(name for name in os.environ if name.startswith(PREFIX) and os.environ[name])
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields} | OTHER_VARIABLES
    if not faults:
        shown = ", ".join(name for name in given if name in known) or "nothing, so all are the defaults"
        yield Finding("settings", "ok", f"Set here: {shown}.")
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Unset it, or correct its name."
            yield Finding("settings", "warning", f"Nothing reads the environment variable {name}.", hint)
    try:
        RunOptions.model_validate({"run_hash": os.environ.get("RUN_HASH") or None})
    except ValidationError:
        yield Finding(
            "settings",
            "wrong",
            "RUN_HASH can't be the run's label: it must be 1 to 32 letters, digits, _ or -.",
            "Correct or unset it.",
        )


def look_at_families(examination: Examination) -> Iterator[Finding]:
    """`TIDEMARK_FAMILIES` names families of the project, and the tables that they need."""
    try:
        families = enabled_families(examination.settings.families)
    except SettingsError as error:
        yield wrong("families", error)
        return
    tables = ", ".join(examination.needed)
    optional = f", and can do without {', '.join(examination.optional)}" if examination.optional else ""
    named = ", ".join(family.name for family in families)
    yield Finding("families", "ok", f"{named}; they need {tables}{optional}.")


def look_at_hash_key(examination: Examination) -> Iterator[Finding]:
    """A key of 16 characters or more for published user ids; it is never shown."""
    settings = examination.settings
    try:
        user_ids(settings)
    except SettingsError as error:
        yield wrong("hash key", error)
        return
    if settings.user_ids == "plain":
        yield Finding(
            "hash key", "ok", "None is needed: TIDEMARK_USER_IDS=plain publishes user ids as they are."
        )
    else:
        yield Finding("hash key", "ok", "It is set, and long enough.")


def look_at_folder(examination: Examination) -> Iterator[Finding]:
    """Every file of the configuration folder: names, keys, expressions, currencies."""
    settings, config = examination.settings, examination.config_or_error
    if isinstance(config, SettingsError):
        yield wrong("configuration", config)
        return
    names = ", ".join(config.documents)
    if not names:
        yield Finding(
            "configuration",
            "ok",
            f"{settings.config_dir} holds no file: the tables are read as the contract says, and the rules are the defaults.",
        )
    else:
        yield Finding(
            "configuration", "ok", f"{names} of {settings.config_dir}, content {config.digest[:12]}."
        )
    zone, currency = config.rules.business_timezone, config.rules.currency
    yield Finding("configuration", "ok", f"Days are of {zone}, amounts are in {currency}.")
    if settings.rules_file is not None:
        yield Finding(
            "configuration",
            "warning",
            f"TIDEMARK_RULES_FILE ({settings.rules_file}) is deprecated and not read any more from version 2.0.0 on.",
            f"Move its content to {settings.config_dir / 'rules.yml'} and unset the variable.",
        )
