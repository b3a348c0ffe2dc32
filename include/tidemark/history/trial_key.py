"""Run keys of trial runs, which are told from others by the key alone: a trial that was killed is found and
dropped later."""

from datetime import UTC, date, datetime

from include.tidemark.run import RUN_KEY, make_run_key

STARTED_BY = "suggest-rules"
"""Takes the place of the Airflow run in a trial run."""
TODAY, PROPOSAL = 0, 1
"""The two trial runs of one command: with today's rules, and with the proposed ones."""


def trial_key(as_of_date: date, started_at: datetime, number: int) -> str:
    """The key of a trial run. It follows from what it shows itself, the as-of date and the second of the
    start."""
    return make_run_key(as_of_date, started_at.replace(microsecond=0), STARTED_BY, number)


def is_trial(run_key: str) -> bool:
    """Whether a run is a trial: never published, of use to nobody when its command is over.

    >>> is_trial(trial_key(date(2026, 11, 1), datetime(2026, 11, 2, 7, 0, 0, 5, tzinfo=UTC), TODAY))
    True
    >>> is_trial("20261101_20261102T070000_0123abcd"), is_trial("no key")
    (False, False)
    """
    if not RUN_KEY.fullmatch(run_key):
        return False
    day, start, _ = run_key.split("_")
    as_of_date = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).date()
    started_at = datetime.strptime(start, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return run_key in {trial_key(as_of_date, started_at, number) for number in (TODAY, PROPOSAL)}
