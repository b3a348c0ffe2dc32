"""Landing files in S3: real calls, through the amazon provider's connection, to a local S3-compatible server (moto's)."""

import gzip
import json
import os
import socket
import subprocess
import time

import boto3
import pytest
from botocore.exceptions import BotoCoreError

from tests.deploy.container import PROJECT, python_of

BUCKET = "landing"
OBJECTS = {
    "users.csv": b"id\n7\n",
    "orders/dt=2026-01-01/a.csv": b"id\n1\n",
    "orders/dt=2026-01-02/b.csv": b"id\n2\n",
    "orders/dt=2026-01-02/_b.csv": b"id\n9\n",
    "orders/people/1.csv": b"id;name\n1;a\n",
    "orders/people/2.csv": b"id;name\n2;b\n",
    "orders/one.csv": b"id,name\n3,c\n",
    "spark.csv/_SUCCESS": b"",
    "spark.csv/part-00000.csv": b"id\n1\n",
    "spark.csv/dt=1/part-00001.csv": b"id\n2\n",
    "spark.csv/part-00002.csv": b"",
    "half.csv/part-00000.csv": b"id\n1\n",
    "left/part-00000.csv": b"id\n1\n",
    "left/_temporary/0/part-00001.csv": b"id\n2\n",
    "folder.csv/part-00000.csv": b"id\n1\n",
    "packed/a.csv.gz": gzip.compress(b"id\n1\n2\n"),
    "packed/a.csv.gz.manifest": b'{"rows": 2}',
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [str(PROJECT / ".venv" / "moto" / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        endpoint = f"http://127.0.0.1:{port}"
        client = boto3.client(
            "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip
        deadline = time.monotonic() + 90
        while True:
            try:
                client.create_bucket(Bucket=BUCKET)
                break
            except BotoCoreError:
                assert server.poll() is None and time.monotonic() < deadline, "moto's server did not come up"
                time.sleep(0.3)
        for name, content in OBJECTS.items():
            client.put_object(Bucket=BUCKET, Key=f"land/{name}", Body=content)
        home, copies = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("copies")
        connection = {
            "conn_type": "aws", "login": "test", "password": "test",
            "extra": {"endpoint_url": endpoint, "region_name": "us-east-1"},
        }  # fmt: skip
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AIRFLOW"))}
        done = subprocess.run(
            [str(python_of("airflow-3.2.1")), "-m", "tests.sources.find_on_s3", str(copies), BUCKET, "landing", endpoint],
            cwd=PROJECT, capture_output=True, text=True, check=False,
            env=kept | {
                "PYTHONPATH": str(PROJECT), "AIRFLOW_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1",
                "AIRFLOW_CONN_LANDING": json.dumps(connection),
            },
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")]
        return json.loads(line.removeprefix("FOUND "))
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_the_contract_s_file_is_found_and_copied_and_its_copy_removed(found):
    assert found["contract"]["rows"] == [["7"]]
    assert found["contract"]["uris"][0].endswith("landing/land/users.csv")
    assert found["contract"]["left"] == []


def test_partitions_are_read_from_the_keys(found):
    assert found["partitions"]["rows"] == [["1", "2026-01-01"], ["2", "2026-01-02"]]


def test_spark_s_output_is_its_part_files(found):
    assert sorted(found["spark"]["rows"]) == [["1"], ["2"]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("half", "folder half.csv has no _SUCCESS"),
        ("left over", "folder left is half written"),
        ("folder", "folder.csv at s3://landing@landing/land is a folder"),
        ("nothing", "fit no file below s3://landing@landing/land; there is: folder.csv, half.csv, left, orders, packed and 2 more"),
    ],
)  # fmt: skip
def test_what_can_not_be_used_is_one_sentence(found, name, expected):
    assert expected in found[name]["error"]


def test_an_absent_table_has_no_file(found):
    assert found["absent"]["uris"] == []


def test_a_compressed_file_keeps_its_manifest_s_promise(found):
    assert found["packed"]["rows"] == [["1"], ["2"]]


def test_a_file_that_was_replaced_or_came_later_is_seen_by_the_same_process(found):
    assert found["contract, replaced"]["rows"] == [["8"]]
    assert found["contract, replaced"]["fingerprints"] != found["contract"]["fingerprints"]
    before, after = found["partitions"], found["partitions, one more"]
    assert after["fingerprints"][:2] == before["fingerprints"]
    assert after["rows"] == [*before["rows"], ["3", "2026-01-03"]]


def test_init_looks_at_files_below_the_landing_url_by_name_and_by_address(found):
    people, one = found["looked at"]
    assert people == {
        "files": "orders/people/*.csv",
        "columns": {"id": ["1", "2"], "name": ["a", "b"]},
        "many": True,
    }
    assert one == {"files": "orders/one.csv", "columns": {"id": ["3"], "name": ["c"]}, "many": False}
