"""The users, weeks and controls that the elasticity is estimated from."""

from collections.abc import Sequence

from include.tidemark.run import Run
from include.tidemark.statistics.volume_cells import VolumeCells
from include.tidemark.warehouse.base import Row, Warehouse

CONTROLS = ("btc_usd", "eth_usd", "trend")
"""Mean prices of the week, and the number of the week as a linear trend."""

_BILLION = 10**9
USABLE_WEEK = (
    "is_complete and is_full_week and exclusion_reason is null and final_fee_bps is not null and btc_usd is not null"
    " and eth_usd is not null"
)
"""SQL: the weeks that the elasticity is estimated from. A short week has less volume for another reason than
its fee."""


def elasticity_cells(run: Run, warehouse: Warehouse, controls: Sequence[str]) -> VolumeCells:
    """The cells of every usable week. A control that is the same in all of them says nothing and is left
    out."""
    rows = warehouse.fetch(
        f"""
        select weeks.period_id as period, weeks.final_fee_bps as fee_bps, weeks.btc_usd, weeks.eth_usd,
            weeks.week_number as trend, cells.segment, cells.n, cells.log_sum_units, cells.log_square_sum_units,
            cells.volume_cents
        from runs.fee_volume_cells as cells
        inner join runs.fct_weekly_summary_final as weeks
            on cells.run_key = weeks.run_key and cells.week_number = weeks.week_number
        where cells.run_key = ? and {USABLE_WEEK}
        order by cells.week_number, cells.segment, cells.log_bin
        """,
        (run.run_key,),
    )
    moving = [name for name in controls if len({row[name] for row in rows}) > 1]
    return VolumeCells.from_rows([_cell(row, moving) for row in rows], moving)


def _cell(row: Row, controls: Sequence[str]) -> Row:
    return {
        "period": row["period"],
        "segment": row["segment"],
        "fee_bps": row["fee_bps"],
        "n": int(row["n"]),
        "log_sum": int(row["log_sum_units"]) / _BILLION,
        "log_squares": int(row["log_square_sum_units"]) / _BILLION,
        "volume_usd": int(row["volume_cents"]) / 100,
        **{name: row[name] for name in controls},
    }
