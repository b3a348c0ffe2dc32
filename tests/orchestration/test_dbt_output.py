"""What Cosmos gets of dbt's output holds no value of a row, whichever way dbt is run."""

import json
import logging
import sys

import pytest
from airflow.sdk.exceptions import AirflowException
from cosmos.operators.local import AbstractDbtLocalBase

from include.tidemark.orchestration.dbt_output import leave_out_values

SAID = "Runtime Error in model stg_users (models/staging/stg_users.sql)\n  Conversion Error: Could not convert string 'Zoë' to DOUBLE\n\n  LINE 3: select cast(user_id as double)"
EVENT = {
    "info": {"name": "RunResultError", "msg": SAID},
    "data": {"msg": SAID, "node_info": {"unique_id": "model.x"}},
}


class Operator:
    """As much of Cosmos' operator as says what became of dbt."""

    skip_exit_code = None
    log = logging.getLogger(__name__)
    handle_exception_subprocess = AbstractDbtLocalBase.handle_exception_subprocess


@pytest.fixture
def operator():
    operator = Operator()
    leave_out_values({}, operator)
    return operator


@pytest.fixture
def hook(operator):
    return operator.subprocess_hook


def command(*lines: str) -> list[str]:
    return [
        sys.executable,
        "-c",
        f"import sys\nfor line in {list(lines)!r}: sys.stdout.buffer.write(line.encode() + b'\\n')\nsys.exit(3)",
    ]


def test_an_event_reaches_the_watcher_without_the_value_and_with_all_else(hook):
    seen: list[str] = []
    result = hook.run_command(
        command(json.dumps(EVENT)),
        env={},
        process_log_line=lambda line, extra: seen.append((line, extra["marker"])),
        marker=7,
    )
    ((line, marker),) = seen  # type: ignore[str-unpack]
    event = json.loads(line)
    assert marker == 7 and result.exit_code == 3
    assert event["data"]["node_info"] == {"unique_id": "model.x"}
    for text in (event["info"]["msg"], event["data"]["msg"]):
        assert (
            "Zoë" not in text
            and "Conversion Error" in text
            and text.endswith("LINE 3: select cast(user_id as double)")
        )
    assert "Zoë" not in result.full_output[0] + result.output


def test_text_is_logged_without_the_value(hook, caplog):
    caplog.set_level(logging.INFO)
    result = hook.run_command(command("Out of Range Error: 'Zoë' is too long", "a line"), env={})
    assert [line for line in result.full_output if "Zoë" in line] == [] and result.output == "a line"
    (logged,) = [
        text for text in map(logging.LogRecord.getMessage, caplog.records) if text.startswith("Out of")
    ]
    assert "Zoë" not in logged


def ending(operator, *lines: str) -> str:
    """What Cosmos' operator fails with."""
    with pytest.raises(AirflowException) as caught:
        operator.handle_exception_subprocess(operator.subprocess_hook.run_command(command(*lines), env={}))
    return str(caught.value)


@pytest.mark.parametrize("form", [str, lambda said: json.dumps({"info": {"msg": said}, "data": {}})])
def test_the_task_fails_with_the_test_its_rows_and_the_model_instead_of_an_exit_code(operator, form):
    said = (
        "20:11:02  Failure in test unique_x (models/x.yml)",
        "20:11:02    Got 3 results, configured to fail if != 0",
        "20:11:02  Database Error in model x (models/x.sql)",
    )
    assert ending(operator, *map(form, said)) == (
        "dbt, 3 rows fail the test unique_x, the model x failed (Database Error) (exit status 3); all that it said is in this task's log"
    )


def test_where_dbt_names_nothing_the_task_fails_as_cosmos_says(operator):
    assert "non-zero exit code 3" in ending(operator, "Segmentation fault")
