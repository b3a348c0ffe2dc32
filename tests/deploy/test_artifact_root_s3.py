"""The artifact root in S3: real calls, through the amazon provider's connection, to a local S3-compatible server (moto's).

What was written is read back by boto3, apart from the code that wrote it. The publishing side runs in the environment of
Airflow 3.2.1, which has the provider and s3fs at the versions that MWAA has.
"""

import hashlib
import json
import os
import socket
import subprocess
import time

import boto3
import pytest
from botocore.exceptions import BotoCoreError

from tests.artifacts.months import MONTHS
from tests.deploy.container import PROJECT, python_of

BUCKET = "artifacts"
CONN_ID = "artifact_store"
PREFIX = "tidemark/segments"


@pytest.fixture(scope="module")
def s3():
    """A client of an empty bucket on a server of our own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [str(PROJECT / ".venv" / "moto" / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        client = boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1",
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip
        deadline = time.monotonic() + 90
        while True:
            try:
                client.create_bucket(Bucket=BUCKET)
                break
            except BotoCoreError:
                assert server.poll() is None and time.monotonic() < deadline, "moto's server did not come up"
                time.sleep(0.3)
        yield client
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture(scope="module")
def steps(s3, tmp_path_factory) -> dict[str, dict]:
    folder = tmp_path_factory.mktemp("s3")
    connection = {
        "conn_type": "aws", "login": "test", "password": "test",
        "extra": {"endpoint_url": s3.meta.endpoint_url, "region_name": "us-east-1"},
    }  # fmt: skip
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AIRFLOW"))
    }
    done = subprocess.run(
        [str(python_of("airflow-3.2.1")), "-m", "tests.deploy.publish_to_s3", str(folder), f"s3://{BUCKET}/{PREFIX}", CONN_ID],
        cwd=PROJECT, capture_output=True, text=True, check=False,
        env=environment | {
            "PYTHONPATH": str(PROJECT), "AIRFLOW_HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1",
            f"AIRFLOW_CONN_{CONN_ID.upper()}": json.dumps(connection),
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = [
        json.loads(line.removeprefix("STEP "))
        for line in done.stdout.splitlines()
        if line.startswith("STEP ")
    ]
    return {step["step"]: step for step in told}


def read(s3, name: str) -> bytes:
    return s3.get_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}")["Body"].read()


def keys(s3, prefix: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{PREFIX}/{prefix}")
    return [entry["Key"].removeprefix(f"{PREFIX}/") for page in pages for entry in page.get("Contents", [])]


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


def test_a_roll_back_shows_the_earlier_run_again_as_another_client_reads_it(steps, s3):
    current = json.loads(read(s3, f"as_of={MONTHS[0]}/current.json"))
    assert current["run_key"] == steps["rolled back"]["run_key"]
    assert current["action"] == "rollback"
    latest = json.loads(read(s3, "latest.json"))
    assert latest["as_of_date"] == MONTHS[1].isoformat()
    months = {month["as_of_date"]: month["run_key"] for month in json.loads(read(s3, "index.json"))["months"]}
    assert months == {MONTHS[0].isoformat(): current["run_key"], MONTHS[1].isoformat(): latest["run_key"]}


def test_every_file_of_a_published_run_is_there_with_its_digest(steps, s3):
    latest = json.loads(read(s3, "latest.json"))
    assert hashlib.sha256(read(s3, latest["manifest"])).hexdigest() == latest["manifest_sha256"]
    listed = json.loads(read(s3, latest["manifest"]))["files"]
    assert len(listed) > 5
    for file in listed:
        assert hashlib.sha256(read(s3, f"{latest['folder']}/{file['path']}")).hexdigest() == file["sha256"]
    assert {f"{latest['folder']}/{file['path']}" for file in listed} | {latest["manifest"]} == set(
        keys(s3, latest["folder"])
    )


def test_a_removed_run_is_gone_and_the_others_are_not(steps, s3):
    gone = f"as_of={MONTHS[0]}/run={steps['recomputed']['run_key']}"
    assert keys(s3, gone) == []
    assert len(steps["rolled back"]["listed"]) == 2
    assert steps["removed"]["listed"] == [f"run={steps['rolled back']['run_key']}"]
