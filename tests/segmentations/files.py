"""Two segmentations that between them use every part of a file: of customers with a percentile, and of users
by a text."""

from pathlib import Path

LOYALTY = """\
name: loyalty
title: Loyalty
of: customers
segments:
  - {name: Champions, when: purchases_last_90_days >= 6 and spend_last_90_days >= rule.champion_spend, purpose: Keep them close.}
  - {name: Top tenth, when: percentile(lifetime_value) >= 0.9}
  - {name: Lapsing, when: days_since_last_purchase > rule.lapsing_days or purchases_last_90_days = 0}
  - {name: It's everyone else}
rules: {lapsing_days: 30, champion_spend: 20000}
means: [spend_last_90_days, purchases_last_90_days]
backtest: spend
expected_shares: {Champions: [0, 1]}
audiences:
  - {name: best_champions, of: Champions, where: percentile(spend_last_90_days) >= 0.5, order_by: spend_last_90_days desc, limit: 25}
"""
BY_PLATFORM = """\
name: by_platform
title: Users by platform
of: users
segments:
  - {name: iOS, when: platform = 'ios'}
  - {name: Android, when: platform = 'android'}
  - {name: Others}
backtest: active_days
"""


def write_files(config_dir: Path) -> None:
    """Put both into a configuration folder."""
    folder = config_dir / "segmentations"
    folder.mkdir(parents=True)
    (folder / "loyalty.yml").write_text(LOYALTY, encoding="utf-8")
    (folder / "by_platform.yml").write_text(BY_PLATFORM, encoding="utf-8")
