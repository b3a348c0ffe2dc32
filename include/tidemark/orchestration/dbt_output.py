"""What dbt prints, before Cosmos logs it and keeps it as XCom: without what the warehouse says about values
of rows."""

from collections.abc import Callable
from typing import Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException
from cosmos.hooks.subprocess import FullOutputSubprocessHook, FullOutputSubprocessResult, logger

from include.tidemark.data_errors import event_without_values
from include.tidemark.errors import SettingsError
from include.tidemark.pipeline.build import event_of, how_it_ended, require_dbt
from include.tidemark.pipeline.dbt_failures import failures_in
from include.tidemark.settings import load_settings

_LAST_LINES = 5


class _Hook(FullOutputSubprocessHook):  # type: ignore[misc]
    """Cosmos' way to run dbt, which says how a dbt that died did so, and in a sentence that there is none."""

    def run_command(
        self, *args: Any, process_log_line: Callable[[str, Any], None] | None = None, **kwargs: Any
    ) -> FullOutputSubprocessResult:
        def process(line: str, extra: Any) -> None:
            line = event_without_values(line)
            if process_log_line:
                process_log_line(line, extra)
            else:
                logger.info("%s", line)

        try:
            require_dbt(load_settings())
        except SettingsError as error:
            raise AirflowFailException(str(error)) from None
        result = super().run_command(*args, process_log_line=process, **kwargs)
        lines = [event_without_values(line) for line in result.full_output]
        if result.exit_code:
            said = " | ".join(event_of(line)["info"]["msg"].strip() for line in lines[-_LAST_LINES:])
            logger.error("dbt ended with %s. Its last lines: %s", how_it_ended(result.exit_code), said)
        return result._replace(output=event_without_values(result.output), full_output=lines)


def _name_failures(usual: Callable[[FullOutputSubprocessResult], None]) -> Callable[..., None]:
    """Cosmos' way to fail, with what failed instead of the exit code alone where dbt says it."""

    def handle(result: FullOutputSubprocessResult) -> None:
        failed = failures_in(event_of(line)["info"]["msg"] for line in result.full_output)
        if result.exit_code and failed:
            logger.error("%s", "\n".join(result.full_output))
            raise AirflowException(
                f"dbt, {failed} ({how_it_ended(result.exit_code)}); all that it said is in this task's log"
            )
        usual(result)

    return handle


def leave_out_values(context: Any, operator: Any) -> None:  # noqa: ARG001 - Airflow's signature
    """Cosmos interceptor: run dbt through this hook, in the one process and in each model's fall-back
    alike."""
    operator.subprocess_hook = _Hook()
    operator.handle_exception_subprocess = _name_failures(operator.handle_exception_subprocess)
