"""The artifact root in S3: real calls, through the amazon provider's connection, to a local S3-compatible
server (moto's).

What was written is read back by boto3, apart from the code that wrote it. The publishing side runs in the
environment of Airflow 3.2.1, which has the provider and s3fs at the versions that MWAA has.
"""

import hashlib
import json
import subprocess
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import pytest

from tests.artifacts.months import MONTHS
from tests.deploy.container import PROJECT, python_of
from tests.s3 import environment_of, troubled_server

SOUND = "a sound store"
TROUBLED = "a slow store that fails every third call"
CONN_ID = "artifact_store"
PREFIX = "tidemark/segments"


@pytest.fixture(scope="module", params=[SOUND, TROUBLED])
def store(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def bucket(store) -> str:
    return "artifacts" if store == SOUND else "troubled"


@pytest.fixture(scope="module")
def steps(s3, store, bucket, tmp_path_factory) -> dict[str, dict]:
    s3.create_bucket(Bucket=bucket)
    folder = tmp_path_factory.mktemp("s3")
    with troubled_server(s3, seconds=0.02, every=3) if store == TROUBLED else nullcontext(s3) as reached:
        return _publish(folder, f"s3://{bucket}/{PREFIX}", environment_of(reached, CONN_ID, folder))


def _publish(folder, root, environment) -> dict[str, dict]:
    done = subprocess.run(
        [str(python_of("airflow-3.2.1")), "-m", "tests.deploy.publish_to_s3", str(folder), root, CONN_ID],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = [
        json.loads(line.removeprefix("STEP "))
        for line in done.stdout.splitlines()
        if line.startswith("STEP ")
    ]
    return {step["step"]: step for step in told}


@dataclass(frozen=True)
class Bucket:
    """What is in it, by another client and not through the troubled server."""

    s3: Any
    name: str

    def read(self, name: str) -> bytes:
        return self.s3.get_object(Bucket=self.name, Key=f"{PREFIX}/{name}")["Body"].read()

    def keys(self, prefix: str) -> list[str]:
        listed = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=f"{PREFIX}/{prefix}"
        )
        return [
            entry["Key"].removeprefix(f"{PREFIX}/") for page in listed for entry in page.get("Contents", [])
        ]


@pytest.fixture
def stored(s3, bucket) -> Bucket:
    return Bucket(s3, bucket)


def test_each_month_moves_the_pointers_to_itself(steps):
    first, second = (steps[f"published {month}"] for month in MONTHS[:2])
    for step, month in ((first, MONTHS[0]), (second, MONTHS[1])):
        latest = step["pointers"]["latest.json"]
        assert (latest["as_of_date"], latest["run_key"]) == (month.isoformat(), step["run_key"])
    assert len(second["pointers"]["index.json"]["months"]) == 2


def test_recomputing_the_older_month_moves_its_own_pointer_and_not_the_latest(steps):
    before, after = steps[f"published {MONTHS[1]}"], steps["recomputed"]
    assert after["pointers"]["latest.json"] == before["pointers"]["latest.json"]
    assert after["pointers"][f"as_of={MONTHS[0]}/current.json"]["run_key"] == after["run_key"]


def test_a_roll_back_shows_the_earlier_run_again_as_another_client_reads_it(steps, stored):
    current = json.loads(stored.read(f"as_of={MONTHS[0]}/current.json"))
    assert current["run_key"] == steps["rolled back"]["run_key"]
    assert steps["rolled back"]["pointers"][f"as_of={MONTHS[0]}/current.json"]["action"] == "rollback"
    latest = json.loads(stored.read("latest.json"))
    assert latest["as_of_date"] == MONTHS[1].isoformat()
    months = {
        month["as_of_date"]: month["run_key"] for month in json.loads(stored.read("index.json"))["months"]
    }
    assert months == {MONTHS[0].isoformat(): current["run_key"], MONTHS[1].isoformat(): latest["run_key"]}


def test_every_file_of_a_published_run_is_there_with_its_digest(steps, stored):
    latest = json.loads(stored.read("latest.json"))
    assert hashlib.sha256(stored.read(latest["manifest"])).hexdigest() == latest["manifest_sha256"]
    listed = json.loads(stored.read(latest["manifest"]))["files"]
    assert len(listed) > 5
    for file in listed:
        assert hashlib.sha256(stored.read(f"{latest['folder']}/{file['path']}")).hexdigest() == file["sha256"]
    assert {f"{latest['folder']}/{file['path']}" for file in listed} | {latest["manifest"]} == set(
        stored.keys(latest["folder"])
    )


def test_a_removed_run_is_gone_and_the_others_are_not(steps, stored):
    gone = f"as_of={MONTHS[0]}/run={steps['recomputed']['run_key']}"
    assert stored.keys(gone) == []
    assert len(steps["rolled back"]["listed"]) == 2
    assert steps["removed"]["listed"] == [f"run={steps['rolled back']['run_key']}"]


def test_a_person_who_was_erased_is_in_no_object_and_every_digest_is_that_of_what_is_there(steps, stored):
    told = steps["forgotten"]
    assert (told["found"], told["problems"], len(told["runs"])) == (1, [], 2)
    objects = stored.keys("")
    assert not [name for name in objects if told["hashed"].encode() in stored.read(name)]
    assert not [name for name in objects if name.startswith("erasing/")]
    for month in json.loads(stored.read("index.json"))["months"]:
        manifest = stored.read(month["manifest"])
        assert hashlib.sha256(manifest).hexdigest() == month["manifest_sha256"]
        listed = json.loads(manifest)
        assert listed["erasures"][0]["persons"] == 1
        for file in listed["files"]:
            found = stored.read(f"{month['folder']}/{file['path']}")
            assert (hashlib.sha256(found).hexdigest(), len(found)) == (file["sha256"], file["bytes"])
