"""The DAG with a declared segmentation: its questions are tasks, its models are built, and without one they
are not."""

import importlib.util

import pytest

from tests.segmentations.files import write_files


def load_dag(monkeypatch, config_dir, families="customer_segments,engagement"):
    monkeypatch.setenv("TIDEMARK_CONFIG_DIR", str(config_dir))
    monkeypatch.setenv("TIDEMARK_FAMILIES", families)
    spec = importlib.util.spec_from_file_location("dag_with_segmentations", "dags/monthly_segmentation.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.monthly_segmentation()


@pytest.fixture
def config_dir(tmp_path):
    write_files(tmp_path)
    return tmp_path


def test_each_question_of_a_declared_segmentation_is_a_task(monkeypatch, config_dir):
    dag = load_dag(monkeypatch, config_dir)
    asked = {
        f"statistics.{name}_{question}"
        for name in ("loyalty", "by_platform")
        for question in ("profile", "movement", "backtest")
    }
    assert asked <= set(dag.task_ids)


def test_the_models_of_segmentations_are_built_exactly_where_one_is_declared(
    monkeypatch, config_dir, tmp_path
):
    models = {
        "user_features",
        "segment_members",
        "segment_cells",
        "segment_movement",
        "segment_backtest_cells",
    }
    for folder, expected in ((config_dir, models), (tmp_path / "none", set())):
        dag = load_dag(monkeypatch, folder)
        built = {
            task_id.split(".")[1].removesuffix("_run")
            for task_id in dag.task_ids
            if task_id.startswith("models.")
        }
        assert built & models == expected
        assert not built & {"user_segmentation", "dim_user_early_engagement", "fct_user_cohorts"}, (
            "families that are not enabled"
        )
