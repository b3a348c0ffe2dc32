"""How the family's rows name tiers and weeks."""


def tier_name(fee_bps: float) -> str:
    """An acquisition fee as the segment of a row.

    >>> tier_name(10.0), tier_name(2.5)
    ('10 bps', '2.5 bps')
    """
    return f"{fee_bps:.10g} bps"


def week_name(k: int) -> str:
    """The k-th fee week after that of the first swap, as the horizon of a row.

    >>> week_name(3)
    'week 3'
    """
    return f"week {k}"


def all_weeks_name(last: int) -> str:
    """The weeks 1 to `last` together, as the horizon of a row.

    >>> all_weeks_name(12)
    'weeks 1 to 12'
    """
    return f"weeks 1 to {last}"


def top_name(share_pct: float) -> str:
    """The users with the largest volume, as the segment of a row.

    >>> top_name(1)
    'top 1% of users'
    """
    return f"top {share_pct:g}% of users"
