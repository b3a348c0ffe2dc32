"""The words that a run ends with, over months that are made here."""

import pytest

from include.tidemark.cli.ending import family_lines, segment_table, warning_lines


class Month:
    """A published month of which the closing words are made."""

    report_uri = "file:///report/index.html"

    def __init__(self, as_of: str, segments: dict[str, int] | None, warnings: tuple[str, ...] = ()) -> None:
        self.as_of_date = as_of
        self._segments, self._warnings = segments, warnings

    def manifest(self):
        computed = self._segments is not None
        return {
            "options": {"confidence_level": 0.95},
            "families": [
                {"name": "customer_segments", "status": "computed" if computed else "skipped", "reason": "no sales."},
                {"name": "engagement", "status": "computed", "reason": None},
            ],
            "gate": {
                "results": [
                    *({"severity": "warning", "success": False, "message": text} for text in self._warnings),
                    {"severity": "warning", "success": True, "message": "All is well."},
                    {"severity": "info", "success": False, "message": "By the way."},
                ]
            },
        }  # fmt: skip

    def rows(self, file):
        assert file == "data/segment_summary.csv"
        return [
            {
                "customer_segment": name,
                "customers": str(n),
                "share_pct": "25",
                "share_pct_ci_low": "20.04",
                "share_pct_ci_high": "30",
            }
            for name, n in self._segments.items()
        ]


def test_the_table_has_a_column_a_month_and_a_row_for_each_segment_of_any_of_them():
    months = [Month("2026-05-01", {"Old": 1, "Both": 2}), Month("2026-06-01", {"Both": 1234, "New": 4})]
    assert segment_table(months).splitlines()[2:-2] == [
        "Both                      2  25.0 % (20.0-30.0)  1,234  25.0 % (20.0-30.0)",
        "New                                                  4  25.0 % (20.0-30.0)",
        "Old                       1  25.0 % (20.0-30.0)",
    ]


def test_a_month_without_customer_segments_is_no_column_and_none_is_no_table():
    months = [Month("2026-05-01", None), Month("2026-06-01", {"All": 4})]
    assert segment_table(months).splitlines()[0] == "customers by segment  as of 2026-06-01"
    assert segment_table(months[:1]) == segment_table([]) == ""
    assert family_lines(months[0]) == ["  engagement: file:///report/index.html"]


@pytest.mark.parametrize(("warnings", "head"), [(("One.",), "1 thing:"), (("One.", "Two."), "2 things:")])
def test_every_warning_is_said_in_full_and_nothing_else_is(warnings, head):
    lines = warning_lines(Month("2026-06-01", {}, warnings))
    assert lines == [f"The checks warn of {head}", *(f"  - {warning}" for warning in warnings)]


def test_a_long_warning_is_folded_without_loss_and_no_warning_is_no_line():
    long = " ".join(["a-long-word"] * 30)
    _, folded = warning_lines(Month("2026-06-01", {}, (long,)))
    assert " ".join(folded.split()) == f"- {long}" and max(map(len, folded.splitlines())) <= 100
    assert warning_lines(Month("2026-06-01", {})) == []
