"""`rules.yml` as text: the rules that were proposed, and those about money that a deployment has to look
at."""

from pathlib import Path

from include.tidemark.config.folder import RULES
from include.tidemark.config.rule_texts import rule_texts
from include.tidemark.config.schemas import SCHEMA_FILES
from include.tidemark.init.proposal import Proposal
from include.tidemark.init.rule_proposals import RuleProposal, propose_rules
from include.tidemark.init.yaml_text import comment, header, scalar, with_doubts

_HEAD = (
    "Your rules: whatever is not here is as in vars: of dbt/dbt_project.yml, which describes every rule.",
    "Lines that end in 'not sure' are guesses of `tidemark init`: look at them first. Nothing here is secret.",
)
_UNKNOWN = {
    "business_timezone": "nothing says where the business is, so this default holds",
    "currency": "nothing says the currency, so this default holds",
}
_ALWAYS = tuple(_UNKNOWN)
MONEY_RULES = {
    "customer_segments": (
        "high_value_min_avg_monthly_spend", "declining_min_prior_spend", "budget_max_avg_monthly_spend",
        "audience_high_value_min_avg_monthly_spend", "audience_declining_min_lifetime_value",
        "audience_new_growing_min_avg_monthly_spend",
    ),
    "fee_tiers": (
        "trade_size_small_min_usd", "trade_size_medium_min_usd", "trade_size_large_min_usd", "trade_size_whale_above_usd",
    ),
}  # fmt: skip
"""Rules that are amounts of money, by the family that they belong to."""


def rules_text(proposal: Proposal, folder: Path) -> str:
    """The file for a folder."""
    lines = header(SCHEMA_FILES[RULES], folder, _HEAD)
    proposed = {rule.name: rule for rule in propose_rules(proposal)}
    for name in (*_ALWAYS, *(name for name in proposed if name not in _ALWAYS)):
        rule = proposed.get(name)
        lines += ["", *comment(rule_texts()[name].comment)]
        lines += (
            _rule(rule) if rule is not None else [_default(name, _UNKNOWN[name] if proposal.tables else "")]
        )
    families = _families(proposal)
    lines += (
        []
        if not families
        else [
            "",
            *comment(
                "Amounts of money, in the currency above. The defaults are those of a credit card and fit few other businesses: `tidemark"
                f" suggest-rules --as-of {proposal.as_of or 'DATE'}` proposes amounts from your own data."
            ),
        ]
    )
    for family in families:
        lines += _defaults(MONEY_RULES[family])
    return "\n".join(lines) + "\n"


def _families(proposal: Proposal) -> list[str]:
    """Families with rules about money that the sources are for; all of them where nothing was looked at."""
    seen = {table.table.name for table in proposal.tables}
    wanted = [] if not seen else ["fee_tiers"] if "fee_periods" in seen else []
    if seen and "transactions" not in seen:
        return []
    return list(MONEY_RULES) if not seen else ["customer_segments", *wanted]


def _rule(rule: RuleProposal) -> list[str]:
    lines = comment(rule.remark) if rule.remark else []
    if not isinstance(rule.value, dict):
        return [*lines, with_doubts(f"{rule.name}: {scalar(rule.value)}", [rule.doubt])]
    items = [
        with_doubts(f"  {scalar(key)}: {scalar(value)}", [rule.item_doubts.get(key, "")])
        for key, value in rule.value.items()
    ]
    return [*lines, f"{rule.name}:", *items]


def _default(name: str, doubt: str = "") -> str:
    return with_doubts(f"# {name}: {scalar(rule_texts()[name].default)}", [doubt])


def _defaults(names: tuple[str, ...]) -> list[str]:
    lines: list[str] = []
    said = ""
    for name in names:
        text = rule_texts()[name].comment
        if text != said:
            lines += comment(text)
        said = text
        lines.append(_default(name))
    return lines
