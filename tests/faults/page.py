"""The page of faults in the documents: `python -m tests.faults.page` makes it anew."""

from include.tidemark.paths import PROJECT_ROOT
from tests.faults.faults import ELSEWHERE, FAULTS

_HEAD = """\
# Faults

What was made to happen to a run, when, what consumers saw meanwhile, and how it ended. The table is made of the tests in
`tests/faults/`: each row is tried on a copy of a deployment whose first month is published, while the second one is computed or published. After each
one the published tables and views are byte for byte those of a run without a fault, every manifest's digests hold, ledger, views and
pointers agree (as `tidemark repair` looks at them), and no scratch file is left. What is said is a part of the message, or of what
`tidemark repair` finds; the pages in Airflow read the pointers, so they show what these say. Rows that name a test are tried by that one. On the scheduler itself, on Snowflake's emulator and on PostgreSQL with
Celery the same is tried by `tests/integration`, `tests/snowflake` and `tests/parts`.

| fault | moment | what is said | what consumers see until it ends | how it ends |
|---|---|---|---|---|
"""


def page() -> str:
    """The page as it should be."""
    rows = [
        f"| {each.what} | {each.moment} | {each.said} | {each.consumers} | {each.how} |" for each in FAULTS
    ]
    rows += [
        f"| {each.what} | {each.moment} | {each.said} | {each.consumers} | {each.how} (`{each.test}`) |"
        for each in ELSEWHERE
    ]
    return _HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    (PROJECT_ROOT / "docs" / "faults.md").write_text(page(), encoding="utf-8")
