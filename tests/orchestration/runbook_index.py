"""The runbook's index from alerts to sections: `python -m tests.orchestration.runbook_index` makes it
anew."""

from include.tidemark.orchestration.runbook import RUNBOOK, SAID, SECTIONS, anchor
from include.tidemark.paths import PROJECT_ROOT

BEGIN, END = "<!-- index: made by tests/orchestration/runbook_index.py -->\n", "<!-- end of the index -->\n"


def index() -> str:
    """The table as it should be."""
    rows = [
        (f"task `{stage}` of `{dag}` failed" if stage else f"a task of `{dag}` failed", title)
        for (dag, stage), title in SECTIONS.items()
    ]
    rows += [(f"*{said}*", title) for said, title in SAID.items()]
    lines = [f"| {alert} | [{title}](#{anchor(title)}) |" for alert, title in rows]
    return "\n".join(["| what the alert or `tidemark status` says | section |", "|---|---|", *lines]) + "\n"


def with_index(text: str) -> str:
    """The runbook with the index in its place."""
    head, _, rest = text.partition(BEGIN)
    return head + BEGIN + index() + END + rest.partition(END)[2]


if __name__ == "__main__":
    file = PROJECT_ROOT / RUNBOOK
    file.write_text(with_index(file.read_text(encoding="utf-8")), encoding="utf-8")
