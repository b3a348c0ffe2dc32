"""What families have in common whose users came in weeks or days: changes of their numbers with these as the observations."""

from collections.abc import Callable, Mapping, Sequence

from include.tidemark.families.comparison_part import COMPARISONS, earlier_run
from include.tidemark.families.statistics_config import statistics_config
from include.tidemark.run import Run
from include.tidemark.statistics.change import Kind
from include.tidemark.statistics.change_rows import ChangeRow
from include.tidemark.statistics.unit_changes import Key, UnitNumber, unit_change_rows, unjudged_rows


def unit_changes(
    run: Run,
    family: str,
    numbers: Callable[[Run], Mapping[Key, UnitNumber]],
    unjudged: Sequence[tuple[Key, Kind, str]] = (),
) -> list[ChangeRow]:
    """The rows of a family's numbers in each comparison, not adjusted yet.

    Args:
        run: the run.
        family: its name.
        numbers: the numbers of a run, of which only the key is another one where they are those of an earlier month.
        unjudged: numbers whose change is not judged: key, kind and reason.
    """
    config, today = statistics_config(run), numbers(run)
    rows: list[ChangeRow] = []
    for comparison in COMPARISONS:
        earlier = earlier_run(run, family, comparison)
        if earlier is None:
            known = [(key, number.kind, "no_earlier_publication") for key, number in today.items()]
            known += [(key, kind, "no_earlier_publication") for key, kind, _ in unjudged]
            rows += unjudged_rows(known, comparison, config)
            continue
        then = numbers(run.model_copy(update={"run_key": earlier.run_key}))
        rows += unit_change_rows(then, today, comparison, config, run.rules.no_change_margin_pct)
        rows += unjudged_rows(unjudged, comparison, config)
    return rows
