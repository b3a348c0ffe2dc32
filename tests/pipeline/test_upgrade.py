"""A warehouse of an earlier release is upgraded by the next month's run."""

from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from tests.pipeline.deployment import AS_OF, FIRST

OLDER = (
    "alter table control.loads drop column delivered_count",
    "alter table control.loads drop column rounded_count",
    "alter table runs.statistics drop column is_primary",
    "alter table runs.statistics drop column comparison_family",
    "alter table runs.statistics drop column is_discovery",
    "drop view marts.row_account",
    "drop view marts.row_account_current",
    "drop table runs.row_account",
    "drop table control.source_columns",
    "drop table control.erasures",
)
"""What makes the warehouse one of the release before the row account."""


def test_a_month_after_an_upgrade_is_published_and_accounts_for_rows_that_were_loaded_before_it(deployment):
    with open_warehouse(deployment.settings) as warehouse:
        for statement in OLDER:
            warehouse.execute(statement)
        # The deployment is a copy of one that stood elsewhere.
        warehouse.execute(
            "update control.loads set uri = ? || '/' || split_part(uri, '/', -1)",
            (deployment.settings.landing_url,),
        )
        before = warehouse.fetch("select * from control.loads order by table_name")
    deployment.run()
    loads = deployment.query("select * from control.loads order by table_name")
    assert [{name: row[name] for name in before[0]} for row in loads] == before, "nothing was read again"
    assert {row["delivered_count"] for row in loads} == {None}
    months = deployment.query("select distinct as_of_date from marts.row_account")
    assert [str(row["as_of_date"]) for row in months] == [AS_OF], f"{FIRST} was published without one"
    (lost,) = deployment.query(
        "select success from control.gate_results where suite = 'models.row_account_transactions' and expectation = 'lost_rows' and as_of_date = cast(? as date)",
        AS_OF,
    )
    assert lost["success"]
    delivered, loaded = (
        deployment.query(
            "select row_count from marts.row_account where source_table = 'transactions' and reason = ?",
            reason,
        )[0]["row_count"]
        for reason in ("delivered", "loaded")
    )
    assert delivered == loaded > 0


def test_a_table_is_altered_once(deployment):
    with open_warehouse(deployment.settings) as warehouse:
        warehouse.execute("alter table control.loads drop column delivered_count")
        ensure_control_tables(warehouse)
        assert list(warehouse.columns("control", "loads"))[-1] == "delivered_count"
        told = []
        execute = warehouse.execute
        warehouse.execute = lambda sql, *parameters: (told.append(sql), execute(sql, *parameters))  # type: ignore[assignment, func-returns-value, method-assign]
        ensure_control_tables(warehouse)
        assert not [sql for sql in told if sql.startswith("alter")]
