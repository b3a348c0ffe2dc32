"""What families have in common whose users came in weeks or days: changes of their numbers with these as the
observations."""

from collections.abc import Callable, Mapping, Sequence

from include.tidemark.families.comparison_part import COMPARISONS, earlier_run, no_months
from include.tidemark.run import Run
from include.tidemark.statistics.change import TREND, Kind
from include.tidemark.statistics.change_rows import ChangeRow
from include.tidemark.statistics.unit_changes import unit_change_rows, unjudged_rows
from include.tidemark.statistics.unit_months import Key, UnitNumber

Unjudged = Sequence[tuple[Key, Kind, str]]


def unit_changes(
    run: Run, family: str, numbers: Callable[[Run], Mapping[Key, UnitNumber]], unjudged: Unjudged = ()
) -> list[ChangeRow]:
    """The rows of a family's numbers in each comparison and of their trend, not adjusted yet.

    Args:
        run: the run.
        family: its name.
        numbers: the numbers of a run, of which only the key is another one where they are those of an earlier
            month.
        unjudged: numbers whose change is not judged: key, kind and reason.
    """
    config, made = run.statistics_config, {run.run_key: numbers(run)}
    rows: list[ChangeRow] = []
    for comparison in (*COMPARISONS, TREND):
        if absent := no_months(run, family, comparison):
            known = [(key, number.kind, absent) for key, number in made[run.run_key].items()]
            known += [(key, kind, absent) for key, kind, _ in unjudged]
            rows += unjudged_rows(known, comparison, config)
            continue
        since = earlier_run(run, family, comparison)
        earlier = (since,) if since else run.trend_of(family)
        keys = [*(month.run_key for month in earlier), run.run_key]
        for key in keys:
            if key not in made:
                made[key] = numbers(run.model_copy(update={"run_key": key}))
        rows += unit_change_rows(
            [made[key] for key in keys], comparison, config, run.rules.no_change_margin_pct
        )
        rows += unjudged_rows(unjudged, comparison, config)
    return rows
