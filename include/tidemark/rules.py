"""The rules: every threshold and choice that decides what a segment is, in one typed object.

Values live in `vars:` of `dbt/dbt_project.yml` and nowhere else. A deployment overrides them with a rules
file (YAML, the same names), and the rules that ENVIRONMENT_RULES names also by an environment variable of the
same name in upper case.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from include.tidemark.accounting.rules import RowAccountRules
from include.tidemark.currency import MOST_DECIMALS, Currency, currency_named
from include.tidemark.documents.document import Document, explain, first_of, read_document
from include.tidemark.documents.nearest import did_you_mean, did_you_mean_choice
from include.tidemark.errors import SettingsError
from include.tidemark.families.customer_segments.rules import CustomerSegmentsRules
from include.tidemark.families.early_engagement.rules import EarlyEngagementRules
from include.tidemark.families.engagement.rules import EngagementRules
from include.tidemark.families.fee_tiers.rules import FeeTiersRules
from include.tidemark.families.planners.rules import PlannersRules
from include.tidemark.paths import DBT_PROJECT_FILE
from include.tidemark.rule_types import Count, Days, Number, Percent
from include.tidemark.shared_texts import in_a_line, shown
from include.tidemark.validation.rules import SourceCheckRules
from include.tidemark.yaml_reading import read_yaml
from include.tidemark.zones import known_zone

ENVIRONMENT_RULES = (
    "segmentation_minimum_sample_size", "segmentation_significance_threshold", "segmentation_confidence_threshold",
    "engagement_session_frequency_weight", "engagement_session_duration_weight", "engagement_event_frequency_weight",
    "engagement_recency_weight", "high_engagement_percentile", "moderate_engagement_percentile",
    "whale_revenue_percentile", "dolphin_revenue_percentile", "churn_days_threshold",
)  # fmt: skip
"""Rules that an environment variable of the same name, in upper case, overrides after the rules file."""


_ADDED_TO = ("row_account_limits",)
"""Rules of which a rules file names only the parts that it changes."""


def _known_currency(value: str) -> str:
    return currency_named(value).code


_CODE_PATTERN = "^[A-Z]{3}$"
_SYMBOL_PATTERN = r"""^[^\s\d'"`\\<>&=+,\x00-\x1f-]{1,6}$"""


def _plain_symbol(value: str) -> str:
    if not re.fullmatch(_SYMBOL_PATTERN, value):
        raise ValueError(
            f"{value!r} is no symbol of a currency: use 1 to 6 letters and signs, such as € or kr"
        )
    return value


class CommonRules(BaseModel):
    """The rules that belong to no family."""

    business_timezone: Annotated[StrictStr, AfterValidator(known_zone)]
    currency: Annotated[
        StrictStr, AfterValidator(_known_currency), Field(json_schema_extra={"pattern": _CODE_PATTERN})
    ]
    currency_symbol: (
        Annotated[
            StrictStr, AfterValidator(_plain_symbol), Field(json_schema_extra={"pattern": _SYMBOL_PATTERN})
        ]
        | None
    )
    currency_decimals: Annotated[StrictInt, Field(ge=0, le=MOST_DECIMALS)] | None
    lookback_days: Days
    lookback_window_days: Days

    segmentation_minimum_sample_size: Count
    minimum_nonzero_users: Count
    no_change_margin_pct: Percent
    trend_months: Annotated[StrictInt, Field(ge=3, le=12)]
    follow_up_days: Annotated[Count, Field(le=366)]
    burn_in_days: Annotated[Days, Field(le=366)]
    drift_warning_psi: Annotated[Number, Field(gt=0)]
    drift_critical_psi: Annotated[Number, Field(gt=0)]
    reconciliation_tolerance_pct: Percent
    volume_warning_drop_pct: Percent
    volume_critical_drop_pct: Percent

    @property
    def money(self) -> Currency:
        """The currency of every amount."""
        return currency_named(self.currency, self.currency_symbol, self.currency_decimals)


class Rules(
    CommonRules,
    RowAccountRules,
    SourceCheckRules,
    CustomerSegmentsRules,
    EngagementRules,
    PlannersRules,
    EarlyEngagementRules,
    FeeTiersRules,
):
    """The effective rules of one run: those of every family. Field names are those of the dbt vars."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def digest(self) -> str:
        """SHA-256 of the rules' canonical JSON: two runs with the same digest used the same rules."""
        canonical = json.dumps(
            self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=True
        )
        return hashlib.sha256(canonical.encode()).hexdigest()


def load_rules(rules: Path | Document | None = None, environ: Mapping[str, str] = os.environ) -> Rules:
    """The effective rules: dbt project, then rules file, then environment.

    Args:
        rules: the rules file, or what was read of it.

    Raises:
        SettingsError: the rules file can't be read, has an unknown name, or a value of the wrong type or
            range; the message names its line.
    """
    document = read_document(rules) if isinstance(rules, Path) else rules
    defaults = _default_values()
    values = dict(defaults)
    from_environment: dict[str, Any] = {
        name: _parse_scalar(text)
        for name in sorted(ENVIRONMENT_RULES)
        if (text := environ.get(name.upper(), ""))
    }
    if document is not None:
        _refuse_unknown(document)
        values |= document.content
        for name in _ADDED_TO:
            values[name] = _added(defaults[name], values[name])
    try:
        return Rules.model_validate(values | from_environment)
    except ValidationError as error:
        sentence = _explain(first_of(error), document, from_environment)
    raise SettingsError(sentence)  # not above, for the reason that `validate` of documents.py says


def _explain(error: Any, document: Document | None, from_environment: Mapping[str, Any]) -> str:
    if not error["loc"]:  # several rules contradict each other; the check's own sentence names them
        place = document.place_of((), error["ctx"]["error"]) if document is not None else ()
        where = f"{document.where(place)}: " if document is not None and place else ""
        message = error["msg"].removeprefix("Value error, ").rstrip(".")
        return f"{where}The rules can't be used: {message}. Correct them and start the run again."
    name = str(error["loc"][0])
    if document is not None and name in document.content and error["type"] in ("extra_forbidden", "missing"):
        return explain(document, Rules, error)
    origin = DBT_PROJECT_FILE.name
    if name in from_environment:
        origin = f"the environment variable {name.upper()}"
    elif document is not None and name in document.content:
        origin = document.where(error["loc"])
    message = error["msg"].removeprefix("Value error, ")
    if not message.endswith("?"):  # a check's own question names what it found
        message += f" (found {shown(error['input'])}){did_you_mean_choice(error) or '.'}"
    return f"Rule '{name}' from {origin} can't be used: {message} Correct the value and start the run again."


def _added(default: Any, given: Any) -> Any:
    """A rule with the given parts in place of its own; what can't be such a part is left to the type's own
    check."""
    return default | given if isinstance(given, dict) else given


def _default_values() -> dict[str, Any]:
    declared: dict[str, Any] = read_yaml(DBT_PROJECT_FILE.read_text(encoding="utf-8")).get("vars", {})
    return dict(declared)


def _refuse_unknown(document: Document) -> None:
    for name in document.content:
        if name not in Rules.model_fields:
            hint = (
                did_you_mean(name, Rules.model_fields) or "; see vars: in dbt/dbt_project.yml for the names."
            )
            raise SettingsError(f"{document.where((name,))}: unknown rule '{in_a_line(name)}'{hint}")


def _parse_scalar(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text
