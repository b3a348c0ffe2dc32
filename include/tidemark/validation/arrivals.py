"""Tables that grow day by day: are there rows before the as-of date, are the last ones fresh, were any lost, whose are they?"""

from dataclasses import dataclass

from include.tidemark.run import Run
from include.tidemark.sources.rows import SourceRows
from include.tidemark.sources.timestamps import days_before, timestamp_literal
from include.tidemark.validation.checks import Check, NotEvaluated, count_where, warning
from include.tidemark.validation.transactions import POSTED
from include.tidemark.validation.volume import drop_checks

FRESH_DAYS = 3
"""A last row older than this before the as-of date is worth a warning: a week-end without a loader takes two days."""


def known_users(users: SourceRows) -> str:
    """Common table expression that the check of unknown users needs."""
    return f"known_users as (select distinct cast(user_id as varchar) as user_id from {users.rows} as users)"


@dataclass(frozen=True)
class Arrivals:
    """One such table."""

    name: str
    moment: str
    """Its column that says when something happened."""
    counts: str
    """SQL condition of the rows that count."""
    rows: str
    """What such a row is called in a sentence."""
    strangers: str
    """What becomes of rows whose user is not in the users table, as the end of a sentence."""

    @property
    def join_users(self) -> str:
        """SQL that joins the known users to the table."""
        return f" left join known_users on cast({self.name}.user_id as varchar) = known_users.user_id"

    def checks(self, run: Run, rows: SourceRows) -> list[Check]:
        """Whether rows were seen at all, and how long ago the last one was."""
        table, column, as_of = rows.relation, f"{self.name}.{self.moment}", run.as_of_date
        seen = self._seen(run)
        return [
            Check(
                name="rows_before_as_of",
                measure=count_where(seen),
                minimum=1,
                column=self.moment,
                claim=f"{table} has {self.rows}s before the as-of date {as_of}.",
                failure=f"{table} has no {self.rows} before the as-of date {as_of} ({run.rules.business_timezone}); its earliest is"
                " of {detail}: choose a later as_of_date, or load the history.",
                detail=f"select cast(cast(min({column}) as date) as varchar) || ' (UTC)' as earliest"
                f" from {rows.rows} as {self.name} where {self.counts}",
            ),
            Check(
                name="days_since_last_row",
                measure=f"coalesce({days_before(run.as_of_instant, f'max(case when {seen} then {column} end)')}, 0)",
                maximum=FRESH_DAYS,
                column=self.moment,
                severity="warning",
                claim=f"The last {self.rows} of {table} is at most {FRESH_DAYS} days before the as-of date.",
                failure=f"The last {self.rows} of {table} is {{observed}} days before the as-of date {as_of}; find out whether the"
                " load is late before you trust the current window.",
            ),
        ]

    def unknown_user(self, rows: SourceRows, users: SourceRows) -> Check:
        """Whether everybody in the table is in the users table; needs `known_users` and `join_users`."""
        table, known = rows.relation, users.relation
        return warning(
            "unknown_user", f"{self.name}.user_id is not null and known_users.user_id is null", "user_id",
            f"Every user of {table} is in {known}.",
            f"{table} has rows of users who are not in {known} ({{observed}}); {self.strangers}: complete {known}.",
        )  # fmt: skip

    def volume(
        self, run: Run, rows: SourceRows, rows_seen_before: int | None
    ) -> tuple[list[Check], list[NotEvaluated]]:
        """Whether the table holds fewer rows than the previous publication saw.

        Args:
            rows_seen_before: as that publication's gate counted them, or None when that is not known.
        """
        if run.previous is None:
            reason = "Not evaluated: no earlier month is published to compare with."
            return [], [NotEvaluated("volume_drop_pct", reason)]
        if not rows_seen_before:
            reason = f"Not evaluated: the rows that the publication of {run.previous.as_of_date} saw are not recorded."
            return [], [NotEvaluated("volume_drop_pct", reason)]
        checks = drop_checks(
            run,
            run.previous,
            measure=f"100.0 * ({rows_seen_before} - {count_where(self._seen(run))}) / {rows_seen_before}",
            subject=f"{rows.relation} has {self.rows}s before the as-of date",
            advice="find out which rows were lost before you publish.",
        )
        return checks, []

    def _seen(self, run: Run) -> str:
        return f"{self.counts} and {self.name}.{self.moment} < {timestamp_literal(run.as_of_instant)}"


ARRIVALS = {
    arrivals.name: arrivals
    for arrivals in (
        Arrivals(
            name="transactions",
            moment="transaction_at",
            counts=POSTED,
            rows="posted row",
            strangers="their spend counts, but test users among them cannot be left out",
        ),
        Arrivals(
            name="events",
            moment="event_at",
            counts="events.event_name is not null",
            rows="event",
            strangers="nothing can be said about the time since their sign-up, so they are in no segment",
        ),
    )
}
"""By the name of the table."""
