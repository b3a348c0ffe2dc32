"""Publishes two months to the artifact root, recomputes the first, rolls it back, and erases a person; says
after each step what the pointers hold.

Run by test_artifact_root_s3.py in the environment that MWAA would have: it needs the amazon provider and
s3fs.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from include.tidemark.artifacts.store import ArtifactRoot
from include.tidemark.artifacts.user_ids import user_ids
from include.tidemark.pipeline.forget import forget
from include.tidemark.pipeline.publish import publish
from include.tidemark.pipeline.rollback import roll_back
from include.tidemark.rules import load_rules
from tests.artifacts.months import MONTHS, make_run, make_settings, write_candidate


def main(folder: Path, root: str, conn_id: str) -> None:
    """Work on a warehouse below `folder`; print one JSON object a step."""
    settings = make_settings(folder, artifact_root=root, artifact_conn_id=conn_id)
    rules = load_rules(environ={})
    store = ArtifactRoot(settings)

    def say(step: str, **more: object) -> None:
        names = ("latest.json", "index.json", f"as_of={MONTHS[0]}/current.json")
        pointers = {name: json.loads(store.read_bytes(name)) for name in names}
        print("STEP", json.dumps({"step": step, "pointers": pointers, **more}))

    runs = [make_run(month, rules) for month in MONTHS[:2]]
    for run in runs:
        write_candidate(settings, run)
        publish(run, settings)
        say(f"published {run.as_of_date}", run_key=run.run_key)
    again = make_run(MONTHS[0], rules, attempt=1)
    write_candidate(settings, again)
    publish(again, settings)
    say("recomputed", run_key=again.run_key)
    roll_back(MONTHS[0], runs[0].run_key, settings, reason="test", by="test", dry_run=False)
    say("rolled back", run_key=runs[0].run_key, listed=store.subfolders(f"as_of={MONTHS[0]}"))
    store.remove(f"as_of={MONTHS[0]}/run={again.run_key}")
    say("removed", listed=store.subfolders(f"as_of={MONTHS[0]}"))
    store.write_bytes("ids.txt", b"C00017\n")
    scheme, _, place = root.partition("://")
    outcome = forget(f"{scheme}://{conn_id}@{place}/ids.txt", "a request", settings, datetime.now(UTC))
    store.remove("ids.txt")
    hashed = user_ids(settings).publish("C00017")
    say("forgotten", hashed=hashed, **outcome.as_json())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
