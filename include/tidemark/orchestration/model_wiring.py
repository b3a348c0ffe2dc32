"""Which task of the dbt group waits for which: a model for the models that it reads, a test for the models
that it compares.

Cosmos lets a model wait for the tests of the models before it, which doubles the number of steps that follow
each other. It has no option for that, so its edges are replaced after it has rendered the group.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from airflow.sdk import BaseOperator, TaskGroup

TEST = "test"


class DbtNode(Protocol):
    """What is asked of one of Cosmos' nodes."""

    resource_type: Any
    depends_on: list[str]


def let_models_wait_for_models_only(
    nodes: Mapping[str, DbtNode],
    rendered: Mapping[str, BaseOperator | TaskGroup],
    tests_of: Mapping[str, Iterable[str]],
) -> None:
    """Replace the edges between the models of a group that Cosmos rendered.

    A model's task waits for the tasks of the models that it reads. The task of its tests waits for every
    model that one of these tests reads, so that a test which compares two models finds both also where each
    is built by its own dbt process. No model waits for a test: all tests are leaves of the group, in front of
    whatever follows the group.

    Args:
        nodes: the dbt nodes by unique id, tests included.
        rendered: the task of each node, or the group of its task and its tests' task, by unique id.
        tests_of: unique ids of the tests of each node.
    """
    runs = {node_id: _run_task(rendered[node_id]) for node_id in nodes if node_id in rendered}
    for node_id in runs:
        _forget_edges(rendered[node_id])
    for node_id, run in runs.items():
        _wait_for(run, nodes[node_id].depends_on, runs)
        test = _test_task(rendered[node_id])
        if test is not None:
            read = {model for each in tests_of.get(node_id, ()) for model in nodes[each].depends_on}
            _wait_for(test, sorted(read | {node_id}), runs)


def let_models_wait_for_dbt(
    dbt_process: BaseOperator, rendered: Mapping[str, BaseOperator | TaskGroup]
) -> None:
    """Let the models' tasks begin when the dbt process has ended, where tasks run one after the other.

    `airflow dags test` runs one task at a time, in no fixed order, and waits for what it defers: a model's
    task that came before the dbt process would wait for it for ever.
    """
    for each in rendered.values():
        _run_task(each).set_upstream(dbt_process)


def _run_task(rendered: BaseOperator | TaskGroup) -> BaseOperator:
    (run,) = (task for task in _tasks(rendered) if not _is_test(task, rendered))
    return run


def _test_task(rendered: BaseOperator | TaskGroup) -> BaseOperator | None:
    return next((task for task in _tasks(rendered) if _is_test(task, rendered)), None)


def _is_test(task: BaseOperator, rendered: BaseOperator | TaskGroup) -> bool:
    return isinstance(rendered, TaskGroup) and task.task_id == f"{rendered.group_id}.{TEST}"


def _tasks(rendered: BaseOperator | TaskGroup) -> Iterator[BaseOperator]:
    return iter(rendered) if isinstance(rendered, TaskGroup) else iter((rendered,))


def _forget_edges(rendered: BaseOperator | TaskGroup) -> None:
    for each in (rendered, *_tasks(rendered)):
        each.upstream_task_ids.clear()
        each.downstream_task_ids.clear()
    if isinstance(rendered, TaskGroup):
        rendered.upstream_group_ids.clear()
        rendered.downstream_group_ids.clear()


def _wait_for(task: BaseOperator, node_ids: Iterable[str], runs: Mapping[str, BaseOperator]) -> None:
    task.set_upstream([runs[node_id] for node_id in node_ids if node_id in runs])
