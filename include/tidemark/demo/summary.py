"""The demo's closing words: each segment's share of customers by month with its interval, and what else was computed."""

from include.tidemark.artifacts.published import PublishedMonth

_SUMMARY = "data/segment_summary.csv"


def segment_table(months: list[PublishedMonth]) -> str:
    """A text table of the published months, one column each; shares in per cent, intervals in brackets."""
    summaries = [{row["customer_segment"]: row for row in month.rows(_SUMMARY)} for month in months]
    level = float(months[0].manifest()["options"]["confidence_level"])
    header = ["customers by segment", *(f"as of {month.as_of_date}" for month in months)]
    lines = [[segment, *(_cell(summary[segment]) for summary in summaries)] for segment in summaries[0]]
    widths = [max(len(line[column]) for line in [header, *lines]) for column in range(len(header))]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in [header, *lines]
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join(
        [text[0], rule, *text[1:], "", f"In brackets: {level:.0%} intervals of the share (Wilson)."]
    )


def family_lines(month: PublishedMonth) -> list[str]:
    """A line for each family of a month but customer_segments, which has the table: where its report is, or why it has none."""
    return [
        f"  {family['name']}: {month.report_uri}"
        if family["status"] == "computed"
        else f"  {family['name']}: left out, {family['reason']}"
        for family in month.manifest()["families"]
        if family["name"] != "customer_segments"
    ]


def _cell(row: dict[str, str]) -> str:
    customers = f"{int(row['customers']):>5,}"
    if not row.get("share_pct"):
        return customers
    share, low, high = (float(row[name]) for name in ("share_pct", "share_pct_ci_low", "share_pct_ci_high"))
    return f"{customers}  {share:4.1f} % ({low:.1f}-{high:.1f})"
