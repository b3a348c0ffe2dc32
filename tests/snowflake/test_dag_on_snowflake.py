"""The DAG file on Snowflake: parsed without a connection, and the dbt process gets the profile of the
connection when it runs."""

import os
import subprocess
import sys

from include.tidemark.paths import PROJECT_ROOT

PARSE = """
import sys
sys.path.insert(0, "dags")
from airflow.sdk.bases.hook import BaseHook
def refuse(*_, **__):
    raise AssertionError("a connection was read while the DAG file was parsed")
BaseHook.get_connection = refuse
import monthly_segmentation
(dag,) = [value for value in [monthly_segmentation.monthly_segmentation()]]
producer = dag.get_task("models.dbt_producer_watcher")
mapping = producer.profile_config.profile_mapping
print(type(mapping).__name__, mapping.conn_id, mapping.profile_args["query_tag"])
"""


def test_the_dag_is_parsed_without_reading_the_connection() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARSE],
        env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT), "TIDEMARK_WAREHOUSE": "snowflake"},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=1_200,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith('SnowflakeProfile snowflake_default {"dag": "{{ env_var(')
