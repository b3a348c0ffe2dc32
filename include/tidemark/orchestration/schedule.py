"""The zone in which the first of the month begins for the scheduler."""

from pendulum import timezone
from pendulum.tz.timezone import Timezone

from include.tidemark.config.folder import RULES
from include.tidemark.documents.document import read_document
from include.tidemark.errors import SettingsError
from include.tidemark.paths import DBT_PROJECT_FILE
from include.tidemark.settings import Settings
from include.tidemark.yaml_reading import read_yaml
from include.tidemark.zones import zones

RULE = "business_timezone"


def business_zone(settings: Settings) -> Timezone:
    """The zone of the rule `business_timezone`, so that a month which begins there is as of its first
    everywhere.

    The DAG file asks for it at every parse, so nothing else of the rules is looked at. Where they can't be
    used the default holds: `resolve_run` says what is wrong, in a run that can be seen.
    """
    try:
        chosen = read_document(settings.rules_file or settings.config_dir / RULES).content.get(RULE)
    except SettingsError:
        chosen = None
    return timezone(chosen if isinstance(chosen, str) and chosen in zones() else _default())


def _default() -> str:
    text = DBT_PROJECT_FILE.read_text(encoding="utf-8")
    return str(read_yaml(text)["vars"][RULE])
