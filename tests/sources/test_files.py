"""A source's files are those that its pattern says, below the landing URL, and none that is still being
written."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from include.tidemark.errors import SourceError
from include.tidemark.settings import Settings
from include.tidemark.sources.files import find_files, local_copy
from include.tidemark.sources.sources_file import TableSource


class Landing:
    """A landing folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(landing_url=folder.as_uri())

    def write(self, *names: str, content: bytes = b"id\n1\n") -> None:
        for name in names:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(content)

    def find(self, files: str | None, **options):
        return find_files(self.settings, "orders", TableSource(files=files, **options) if files else None)

    def names(self, files: str | None, **options) -> list[str]:
        return [file.uri.removeprefix(f"file://{self.folder}/") for file in self.find(files, **options)]

    def refused(self, files: str | None, expected: str, **options) -> None:
        with pytest.raises(SourceError, match=f"(?s){expected}"):
            self.find(files, **options)


@pytest.fixture
def landing(tmp_path):
    folder = tmp_path / "landing"
    folder.mkdir()
    return Landing(folder)


def test_without_a_landing_url_or_with_rows_in_the_warehouse_there_is_no_file(landing):
    landing.write("orders.csv")
    assert find_files(Settings(), "orders", None) == []
    assert find_files(landing.settings, "orders", TableSource.model_validate({"from": "shop.orders"})) == []


@pytest.mark.parametrize(("name", "format"), [("orders.csv", "csv"), ("orders.parquet", "parquet")])
def test_without_a_mapping_the_file_has_the_table_s_name(landing, name, format):
    assert landing.find(None) == []
    landing.write(name, "users.csv")
    (file,) = landing.find(None)
    assert (file.uri, file.format, dict(file.partitions)) == (f"{landing.folder.as_uri()}/{name}", format, {})


def test_a_landing_folder_that_is_not_there_has_no_file(tmp_path):
    missing = Landing(tmp_path / "missing")
    assert missing.find(None) == []
    missing.refused("*.csv", "fit no file below .*: there is no such folder. Correct TIDEMARK_LANDING_URL")


def test_two_files_of_the_table_s_name_are_refused(landing):
    landing.write("orders.csv", "orders.parquet")
    landing.refused(None, "Both orders.parquet and orders.csv stand at")


@pytest.mark.parametrize("name", ["orders.csv.gz", "orders.ndjson"])
def test_a_second_file_in_a_form_that_the_contract_does_not_read_is_not_left_lying(landing, name):
    landing.write("orders.csv", name)
    landing.refused(None, f"Both orders.csv and {name} stand at .*reads only the first; remove one of them")


@pytest.mark.parametrize("name", ["orders.parquet", "orders.csv"])
def test_a_folder_of_the_table_s_name_is_refused_with_the_setting_that_reads_it(landing, name):
    landing.write(f"{name}/part-00000.snappy.parquet", f"{name}/_SUCCESS")
    landing.refused(None, f'{name} .* is a folder.*sources.yml: orders: {{files: "{name}"}}')


@pytest.mark.parametrize("name", ["orders.csv.gz", "ORDERS.CSV", "orders.ndjson"])
def test_a_table_in_another_form_than_the_contract_s_is_not_taken_for_absent(landing, name):
    landing.write(name)
    landing.refused(None, f'{name} stands at .*files: "{name}"')


def test_a_pattern_finds_its_files_in_order_wherever_they_lie(landing):
    landing.write("shop/b.csv", "shop/a.csv", "shop/deep/c.csv", "shop/a.txt", "other/d.csv")
    assert landing.names("shop/a.csv") == ["shop/a.csv"]
    assert landing.names("shop/*.csv") == ["shop/a.csv", "shop/b.csv"]
    assert landing.names("*/[bd].csv") == ["other/d.csv", "shop/b.csv"]
    assert landing.names("shop/**/*.csv") == ["shop/a.csv", "shop/b.csv", "shop/deep/c.csv"]
    assert landing.names("other/**") == ["other/d.csv"]


def test_signs_of_patterns_in_the_landing_folder_s_own_name_are_only_its_name(tmp_path):
    for name in ("a*", "ab"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{'star' if name == 'a*' else 'b'}.csv").write_text("id\n1\n")
    landing = Landing(tmp_path / "a*")
    assert [Path(file.path.path) for file in landing.find("*.csv")] == [tmp_path / "a*" / "star.csv"]


@pytest.mark.parametrize("url", ["file://{}/", "file://{}/."])
def test_the_landing_url_may_be_written_in_other_ways(landing, url):
    landing.write("shop/dt=1/a.csv")
    settings = Settings(landing_url=url.format(landing.folder))
    (file,) = find_files(settings, "orders", TableSource(files="*/*/*.csv", partitions=("dt",)))
    assert dict(file.partitions) == {"dt": "1"}
    assert Path(file.path.path).read_text() == "id\n1\n"


def test_a_local_landing_url_with_escaped_signs_is_the_folder_that_it_means(tmp_path):
    landing = Landing(tmp_path / "user_id=7, all")
    landing.write("orders.csv")
    assert "%3D7%2C%20" in str(landing.settings.landing_url)
    assert [Path(file.path.path) for file in landing.find(None)] == [landing.folder / "orders.csv"]


def test_names_that_start_with_an_underscore_or_a_dot_do_not_count_unless_they_are_said(landing):
    landing.write("shop/a.csv", "shop/_b.csv", "shop/.c.csv", "_old/d.csv", ".hidden/e.csv")
    assert landing.names("*/*.csv") == ["shop/a.csv"]
    assert landing.names("_old/*.csv") == ["_old/d.csv"]
    assert landing.names("shop/_b.csv") == ["shop/_b.csv"]


@pytest.mark.parametrize(
    "pattern",
    ["../x.csv", "/etc/*.csv", "s3://bucket/*.csv", "a/../../x", "a//b", "~/x", "./x", "a\\b", "**.csv"],
)
def test_a_pattern_outside_of_the_landing_url_is_refused(landing, pattern):
    landing.refused(pattern, "must be a pattern below the landing URL|must stand alone")


def test_a_pattern_that_fits_nothing_says_what_is_there(landing):
    landing.write(*[f"file{n}.csv" for n in range(7)])
    landing.refused(
        "shop/*.csv",
        "The files 'shop/\\*.csv' of orders in sources.yml fit no file below file://.*: file0.csv, .*file4.csv and 2 more",
    )


def test_spark_s_folder_stands_for_its_part_files(landing):
    landing.write(
        "out/_SUCCESS",
        "out/._SUCCESS.crc",
        "out/_committed_1",
        "out/part-00001.csv",
        "out/part-00000.csv",
        "out/c=DE/part-00000.csv",
        "out/c=__HIVE_DEFAULT_PARTITION__/part-00000.csv",
        "out/c=_x/.part-0.crc",
    )
    expected = [
        "out/c=DE/part-00000.csv",
        "out/c=__HIVE_DEFAULT_PARTITION__/part-00000.csv",
        "out/part-00000.csv",
        "out/part-00001.csv",
    ]
    assert landing.names("out") == landing.names("out/") == landing.names("o*") == expected


def test_an_empty_part_of_spark_s_is_left_out_and_a_whole_empty_output_is_not(landing):
    landing.write("out/_SUCCESS", "out/part-00000.csv", content=b"")
    assert landing.names("out") == ["out/part-00000.csv"]
    landing.write("out/part-00001.csv")
    assert landing.names("out") == ["out/part-00001.csv"]


def test_a_folder_without_success_is_half_written(landing):
    landing.write("out/part-00000.csv")
    landing.refused("out", 'folder out has no _SUCCESS, so it may be half written.*"out/\\*.parquet"')


@pytest.mark.parametrize("left", ["_temporary/0/part-00001.csv", ".spark-staging-7/part-00001.csv"])
@pytest.mark.parametrize("pattern", ["out", "out/*.csv", "out/**/*.csv"])
def test_a_folder_with_what_a_job_left_in_it_is_half_written(landing, left, pattern):
    landing.write("out/_SUCCESS", "out/part-00000.csv", f"out/{left}")
    landing.refused(pattern, "folder out is half written")


def test_a_job_s_temporary_folder_above_its_partitions_is_noticed(landing):
    landing.write("out/dt=1/c=2/part-00000.csv", "out/_temporary/0/x")
    landing.refused("out/*/*/*.csv", "folder out is half written")


def test_a_file_in_spark_s_folder_that_spark_did_not_write_is_not_left_out_silently(landing):
    landing.write("out/_SUCCESS", "out/part-00000.csv", "out/late.csv")
    landing.refused("out", "holds late.csv, which is no part file")


def test_the_files_of_a_delta_table_are_refused(landing):
    landing.write("out/_delta_log/0.json", "out/part-00000.parquet")
    landing.refused("out/*.parquet", "is a table of Delta")


@pytest.mark.parametrize("pattern", ["out/data/*.parquet", "out/data/dt=*/*.parquet", "out/**/*.parquet"])
def test_the_files_of_an_iceberg_table_are_refused(landing, pattern):
    landing.write("out/metadata/v1.metadata.json", "out/data/0.parquet", "out/data/dt=1/0.parquet")
    landing.refused(pattern, "folder out is a table of Iceberg")


def test_a_folder_called_data_beside_others_is_no_iceberg_table(landing):
    landing.write("out/metadata/readme.json", "out/data/0.parquet")
    assert landing.names("out/data/*.parquet") == ["out/data/0.parquet"]


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.csv", "csv"), ("a.CSV", "csv"), ("a.csv.gz", "csv"), ("a.csv.zst", "csv"), ("a.tsv", "csv"), ("a.parquet", "parquet"),
        ("a.snappy.parquet", "parquet"), ("a.ndjson", "ndjson"), ("a.jsonl.gz", "ndjson"), ("a.json", "ndjson"),
    ],
)  # fmt: skip
def test_the_name_says_the_format(landing, name, format):
    landing.write(name)
    assert [file.format for file in landing.find(name)] == [format]


@pytest.mark.parametrize("name", ["a.txt", "part-00000", "a.parquet.gz", "csv"])
def test_a_name_that_says_no_format_needs_it_said(landing, name):
    landing.write(name)
    landing.refused(name, "say it by format: csv, parquet or ndjson")
    assert [file.format for file in landing.find(name, format="csv")] == ["csv"]


def test_several_formats_are_refused(landing):
    landing.write("shop/a.csv", "shop/b.parquet")
    landing.refused("shop/*", "have several formats \\(a.csv is csv, b.parquet is parquet\\)")


def test_only_the_partitions_that_are_asked_for_become_columns(landing):
    landing.write(
        "shop/dt=2026-01-01/country%20code=A%26B/a.csv",
        "shop/dt=2026-01-01/country%20code=__HIVE_DEFAULT_PARTITION__/b.csv",
    )
    files = landing.find("shop/*/*/*.csv", partitions=("country code",))
    assert [dict(file.partitions) for file in files] == [{"country code": "A&B"}, {"country code": None}]
    assert [dict(file.partitions) for file in landing.find("shop/*/*/*.csv")] == [{}, {}]


def test_a_partition_that_a_path_lacks_or_has_twice_is_refused(landing):
    landing.write("shop/dt=1/a.csv", "shop/b.csv", "shop/dt=1/dt=2/c.csv")
    landing.refused("shop/*.csv", "asks for dt, but shop/b.csv has no folder dt=", partitions=("dt",))
    landing.refused("shop/*/*/*.csv", "has 2 folders dt=", partitions=("dt",))


def test_a_folder_above_the_landing_url_is_no_partition(tmp_path):
    landing = Landing(tmp_path / "dt=2020")
    landing.write("a.csv")
    landing.refused("a.csv", "has no folder dt=", partitions=("dt",))


def test_a_file_written_again_with_the_same_size_at_the_same_time_has_another_fingerprint(landing):
    def fingerprint() -> str:
        (file,) = landing.find("a.csv")
        return file.fingerprint

    landing.write("a.csv", content=b"id\n1\n")
    before, times = fingerprint(), (landing.folder / "a.csv").stat()
    landing.write("a.csv", content=b"id\n2\n")
    os.utime(landing.folder / "a.csv", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert fingerprint() != before
    landing.write("a.csv", content=b"id\n1\n")
    assert fingerprint() == before


def test_a_local_file_is_read_where_it_lies(landing, tmp_path):
    landing.write("a.csv")
    (file,) = landing.find("a.csv")
    with local_copy(file, tmp_path) as local:
        assert local == landing.folder / "a.csv"
    assert local.exists()


def manifest(landing: Landing, name: str, content: object) -> None:
    landing.write(f"{name}.manifest", content=json.dumps(content).encode())


@pytest.mark.parametrize("files", [None, "orders.csv", "*.csv", "*", "**"])
def test_what_a_manifest_promises_is_known(landing, files):
    landing.write("orders.csv")
    digest = hashlib.sha256(b"id\n1\n").hexdigest()
    before = landing.find(files)[0].fingerprint
    manifest(landing, "orders.csv", {"rows": 1, "sha256": digest.upper(), "sender": "till"})
    (file,) = landing.find(files)
    assert (file.sidecar.rows, file.sidecar.sha256) == (1, digest)
    assert file.fingerprint != before, "a promise that comes later is held against the file"
    with local_copy(file, landing.folder):
        pass


def test_a_file_with_another_digest_than_promised_is_refused(landing, tmp_path):
    landing.write("orders.csv")
    manifest(landing, "orders.csv", {"sha256": "0" * 64})
    (file,) = landing.find("*.csv")
    with (
        pytest.raises(SourceError, match="is not the one that orders.csv.manifest describes"),
        local_copy(file, tmp_path),
    ):
        pass


@pytest.mark.parametrize(
    "content",
    ["{}", "[]", '{"rows": "1"}', '{"rows": -1}', '{"rows": true}', '{"sha256": "abc"}', '{"entries": []}', "[" * 5000],
)  # fmt: skip
def test_a_manifest_that_promises_nothing_is_refused(landing, content):
    landing.write("orders.csv")
    landing.write("orders.csv.manifest", content=content.encode())
    landing.refused("*.csv", "orders.csv.manifest can't be used")


def test_a_file_that_is_announced_and_did_not_come_is_named(landing):
    landing.write("shop/a.csv")
    manifest(landing, "shop/b.csv", {"rows": 1})
    for pattern in ("shop/*.csv", "shop/*", "shop/**"):
        landing.refused(pattern, "shop/b.csv.manifest describes a file, but no file shop/b.csv is there")


def test_a_file_that_may_not_be_read_is_one_sentence(landing, monkeypatch):
    landing.write("a.csv")

    def denied(*_):
        raise PermissionError("denied")

    monkeypatch.setattr("include.tidemark.sources.files._sha256", denied)
    landing.refused("a.csv", "can't be read: permission is denied")


@pytest.mark.parametrize("files", [None, "*.csv", "spark"])
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("nowhere")], ids=["pipe", "link"])
def test_what_is_no_file_is_neither_left_out_nor_waited_for(landing, files, make):
    landing.write("other.csv", "spark/_SUCCESS", "spark/part-00000.csv")
    name = "spark/part-00001.csv" if files == "spark" else "orders.csv"
    make(landing.folder / name)
    landing.refused(files, f"{name} is no file but a link to nowhere, a pipe or a device")


@pytest.mark.parametrize("name", ["or\\ders.csv", "or\nders.csv"])
def test_a_name_that_warehouses_would_quote_differently_is_refused(landing, name):
    landing.write(f"new/{name}")
    landing.refused("new/*.csv", "a backslash or a control character")


def test_so_is_a_landing_folder_of_such_a_name_also_without_a_mapping(tmp_path):
    folder = tmp_path / "land\\ing"
    folder.mkdir()
    landing = Landing(folder)
    landing.write("orders.csv")
    landing.refused(None, "a backslash or a control character")
