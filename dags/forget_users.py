"""
# Erase persons from every month

Removes the rows of the persons whose ids are in a file from the warehouse (`raw` where landing files were
loaded, `core`, `runs`) and from the user-level files of every run, published or not. The manifests of the
changed runs get new digests and an entry with counts and the reason; one row more in the ledger makes them
known. Aggregates stay as they were published.

The file is a text file with one user id per line. No id is kept, logged, or handed to another task: remove
the file afterwards.

- **Erase at the source first.** What a landing file or a table of your own still holds comes back with its
  next load; the task warns of both.
- **It failed or was killed**: clear it, or trigger it again with the same file. It completes what was begun.
- **It says that something was left**: everything else is erased. Put right what the message names, and
  trigger it again.
- Do not run it beside a month that is being computed; in the pool of DuckDB they wait for each other.
"""

from airflow.sdk import Param, dag, get_current_context, task

from include.tidemark.orchestration.stage_tasks import ON_CALL, stage_task, started_at
from include.tidemark.settings import WAREHOUSE_POOL, load_settings

SETTINGS = load_settings()

PARAMS = {
    "user_ids_url": Param(
        type="string", minLength=1, title="File of user ids",
        description="URL of a text file with one user id per line, such as s3://connection@bucket/ids.txt.",
    ),
    "reason": Param(
        None, type=["null", "string"], title="Reason",
        description="Written into the manifests; it must not name anybody.",
    ),
}  # fmt: skip


@dag(
    dag_id="forget_users",
    description="Erases persons from the warehouse and from the files of every run.",
    schedule=None,
    params=PARAMS,
    doc_md=__doc__,
    **ON_CALL,
)
def forget_users():
    @task(pool=WAREHOUSE_POOL)
    @stage_task
    def forget():
        from include.tidemark.pipeline.forget import forget_users as forget_people

        context = get_current_context()
        params = context["params"]
        return forget_people(
            params["user_ids_url"], params["reason"], SETTINGS, started_at(context["dag_run"])
        )

    forget()


forget_users()
