"""What a statement was run for, as Snowflake keeps it beside the statement: cost is attributed by this
tag."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class QueryTag:
    """The run, the task and the family whose question it is; `all` where a task serves all families."""

    run_key: str
    task: str
    family: str = "all"

    def to_json(self) -> str:
        """The tag as one line of JSON, with the DAG that Airflow names in a task's environment."""
        return json.dumps(
            {"dag": _dag_id(), "run_key": self.run_key, "task": self.task, "family": self.family}
        )


DBT_QUERY_TAG = (
    """{"dag": "{{ env_var('AIRFLOW_CTX_DAG_ID', 'shell') }}", "run_key": "{{ fromjson(env_var('TIDEMARK_RUN', '{}')).get('run_key', 'none') }}","""
    """ "task": "models", "family": "all"}"""
)
"""The same for what dbt asks apart from its models, as a template of dbt's profile; a model's own is in
`query_tag.sql`."""

_current: ContextVar[QueryTag | None] = ContextVar("query_tag", default=None)


@contextmanager
def tagged(tag: QueryTag | None) -> Iterator[None]:
    """Connections that are opened inside the block carry the tag."""
    token = _current.set(tag)
    try:
        yield
    finally:
        _current.reset(token)


def current_tag() -> str:
    """The tag of a connection that is opened now."""
    return (_current.get() or QueryTag(run_key="none", task="none")).to_json()


def _dag_id() -> str:
    return os.environ.get("AIRFLOW_CTX_DAG_ID", "shell")
