"""What waits for what in the dbt group, on small graphs."""

from dataclasses import dataclass, field

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TaskGroup, chain

from include.tidemark.orchestration.model_wiring import let_models_wait_for_models_only


@dataclass
class Node:
    depends_on: list[str] = field(default_factory=list)


def render(dag: DAG, nodes: dict[str, Node], tests_of: dict[str, list[str]]):
    """The group as Cosmos renders it: a model waits for the tests of the models before it."""
    rendered = {}
    with dag, TaskGroup("models") as group:
        for node_id in nodes:
            if node_id in tests_of:
                with TaskGroup(node_id) as rendered[node_id]:
                    EmptyOperator(task_id="run") >> EmptyOperator(task_id="test")
            elif not node_id.startswith("test_"):
                rendered[node_id] = EmptyOperator(task_id=f"{node_id}_run")  # type: ignore[assignment]
    for node_id, node in nodes.items():
        for parent in node.depends_on:
            if node_id in rendered and parent in rendered:
                rendered[parent] >> rendered[node_id]
    return group, rendered


def rewired(nodes: dict[str, Node], tests_of: dict[str, list[str]]) -> dict[str, set[str]]:
    """What each task waits for, with a task before and one after the group."""
    dag = DAG("small", schedule=None)
    group, rendered = render(dag, nodes, tests_of)
    let_models_wait_for_models_only(nodes, rendered, tests_of)
    with dag:
        chain(EmptyOperator(task_id="before"), group, EmptyOperator(task_id="after"))
    for task in dag.tasks:
        assert all(task.task_id in dag.get_task(up).downstream_task_ids for up in task.upstream_task_ids)
    return {task.task_id: set(task.upstream_task_ids) for task in dag.tasks}


def test_a_model_waits_for_the_model_it_reads_and_not_for_its_tests():
    waits = rewired(
        {"a": Node(), "b": Node(["a"]), "test_a": Node(["a"]), "test_b": Node(["b"])},
        {"a": ["test_a"], "b": ["test_b"]},
    )
    assert waits["models.b.run"] == {"models.a.run"}
    assert waits["models.a.test"] == {"models.a.run"}
    assert waits["models.b.test"] == {"models.b.run"}


def test_whatever_follows_the_group_waits_for_every_test():
    waits = rewired(
        {"a": Node(), "b": Node(["a"]), "c": Node(["b"]), "test_a": Node(["a"]), "test_b": Node(["b"])},
        {"a": ["test_a"], "b": ["test_b"]},
    )
    assert waits["after"] == {"models.a.test", "models.b.test", "models.c_run"}
    assert waits["models.a.run"] == {"before"}


def test_a_test_that_compares_two_models_waits_for_both():
    waits = rewired(
        {"a": Node(), "b": Node(["a"]), "test_a_adds_up_to_b": Node(["a", "b"])},
        {"a": ["test_a_adds_up_to_b"], "b": ["test_a_adds_up_to_b"]},
    )
    assert waits["models.a.test"] == waits["models.b.test"] == {"models.a.run", "models.b.run"}


def test_a_model_without_tests_is_waited_for_like_any_other():
    waits = rewired({"a": Node(), "b": Node(["a"]), "c": Node(["a", "b"])}, {})
    assert waits["models.b_run"] == {"models.a_run"}
    assert waits["models.c_run"] == {"models.a_run", "models.b_run"}


def test_a_model_that_is_not_rendered_is_not_waited_for():
    waits = rewired(
        {"b": Node(["elsewhere"]), "test_b": Node(["b", "elsewhere"])}, {"b": ["test_b"], "elsewhere": []}
    )
    assert waits["models.b.run"] == {"before"}
    assert waits["models.b.test"] == {"models.b.run"}
