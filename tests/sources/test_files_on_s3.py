"""Landing files in S3: real calls, through the amazon provider's connection, to a local S3-compatible server
(moto's)."""

import gzip
import json
import subprocess

import pytest

from tests.deploy.container import PROJECT, python_of
from tests.s3 import environment_of

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
    "marked/": b"",
    "marked/deep/": b"",
    "marked/deep/a.csv": b"id\n1\n",
    "marked.csv/": b"",
    "marked.csv/dt=1/": b"",
    "marked.csv/_SUCCESS": b"",
    "marked.csv/dt=1/part-00000.csv": b"id\n1\n",
    "packed/a.csv.gz": gzip.compress(b"id\n1\n2\n"),
    "packed/a.csv.gz.manifest": b'{"rows": 2}',
}


@pytest.fixture(scope="module")
def found(s3, tmp_path_factory):
    s3.create_bucket(Bucket=BUCKET)
    for name, content in OBJECTS.items():
        s3.put_object(Bucket=BUCKET, Key=f"land/{name}", Body=content)
    home, copies = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("copies")
    place = [str(copies), BUCKET, "landing", s3.meta.endpoint_url]
    done = subprocess.run(
        [str(python_of("airflow-3.2.1")), "-m", "tests.sources.find_on_s3", *place],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        env=environment_of(s3, "landing", home),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    return json.loads(line.removeprefix("FOUND "))


def test_the_contract_s_file_is_found_and_copied_and_its_copy_removed(found):
    assert found["contract"]["rows"] == [["7"]]
    assert found["contract"]["uris"][0].endswith("landing/land/users.csv")
    assert found["contract"]["left"] == []


def test_partitions_are_read_from_the_keys(found):
    assert found["partitions"]["rows"] == [["1", "2026-01-01"], ["2", "2026-01-02"]]


def test_spark_s_output_is_its_part_files(found):
    assert sorted(found["spark"]["rows"]) == [["1"], ["2"]]


def test_an_empty_object_by_which_a_console_keeps_a_folder_is_no_file(found):
    assert found["marked"]["rows"] == found["marked Spark"]["rows"] == [["1"]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("half", "folder half.csv has no _SUCCESS"),
        ("left over", "folder left is half written"),
        ("folder", "folder.csv at s3://landing@landing/land is a folder"),
        ("nothing", "fit no file below s3://landing@landing/land; there is: folder.csv, half.csv, left, marked, marked.csv and 4 more"),
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
