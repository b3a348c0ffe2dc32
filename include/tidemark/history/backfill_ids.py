"""How the runs of a backfill are called: apart from what reads the warehouse, because the DAG names them,
too."""

from datetime import date

PREFIX = "segmentation_backfill"


def run_id_of(backfill_id: str, as_of_date: date, attempt: int = 1) -> str:
    """The id of the run of one month: the same whenever the backfill is resumed, so that nothing is done
    twice.

    >>> run_id_of("20261130T154501", date(2026, 11, 1))
    'segmentation_backfill__20261130T154501__2026-11-01'
    """
    return attempt_of(f"{PREFIX}__{backfill_id}__{as_of_date}", attempt)


def attempt_of(run_id: str, attempt: int) -> str:
    """The id of a further run of a month, whose first run has the id itself.

    >>> attempt_of("b__2026-11-01", 1), attempt_of("b__2026-11-01", 2)
    ('b__2026-11-01', 'b__2026-11-01__2')
    """
    return f"{run_id}__{attempt}" if attempt > 1 else run_id
