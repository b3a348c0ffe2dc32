"""The words that a run, and the demo, end with: each segment's share of customers by month with its interval,
what else was computed, and what the gate warned of."""

import textwrap

from include.tidemark.artifacts.published import PublishedMonth

_SUMMARY = "data/segment_summary.csv"
_FAMILY = "customer_segments"
_WIDTH = 100


def segment_table(months: list[PublishedMonth]) -> str:
    """A text table of the months that hold customer segments, one column each; shares in per cent, intervals
    in brackets.

    Empty where no month holds them.
    """
    months = [month for month in months if _has_segments(month)]
    if not months:
        return ""
    summaries = [{row["customer_segment"]: row for row in month.rows(_SUMMARY)} for month in months]
    level = float(months[-1].manifest()["options"]["confidence_level"])
    segments = dict.fromkeys(segment for summary in reversed(summaries) for segment in summary)
    header = ["customers by segment", *(f"as of {month.as_of_date}" for month in months)]
    lines = [[segment, *(_cell(summary.get(segment)) for summary in summaries)] for segment in segments]
    widths = [max(len(line[column]) for line in [header, *lines]) for column in range(len(header))]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [header, *lines]
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join(
        [text[0], rule, *text[1:], "", f"In brackets: {level:.0%} intervals of the share (Wilson)."]
    )


def family_lines(month: PublishedMonth) -> list[str]:
    """A line for each family of a month but customer_segments, which has the table: where its report is, or
    why it has none."""
    return [
        f"  {family['name']}: {month.report_uri}"
        if family["status"] == "computed"
        else f"  {family['name']}: left out, {family['reason']}"
        for family in month.manifest()["families"]
        if family["name"] != _FAMILY
    ]


def warning_lines(month: PublishedMonth) -> list[str]:
    """What the gate warned of, a sentence each."""
    warnings = [
        row["message"]
        for row in month.manifest()["gate"]["results"]
        if row["severity"] == "warning" and not row["success"]
    ]
    if not warnings:
        return []
    head = f"The checks warn of {len(warnings)} thing{'s' if len(warnings) > 1 else ''}:"
    return [head, *(textwrap.fill(f"- {warning}", _WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False) for warning in warnings)]  # fmt: skip


def _has_segments(month: PublishedMonth) -> bool:
    return any(
        family["name"] == _FAMILY and family["status"] == "computed"
        for family in month.manifest()["families"]
    )


def _cell(row: dict[str, str] | None) -> str:
    if row is None:
        return ""
    customers = f"{int(row['customers']):>5,}"
    if not row.get("share_pct"):
        return customers
    share, low, high = (float(row[name]) for name in ("share_pct", "share_pct_ci_low", "share_pct_ci_high"))
    return f"{customers}  {share:4.1f} % ({low:.1f}-{high:.1f})"
