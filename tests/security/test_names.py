"""Names of landing files and folders: each is read as a name, never as a pattern, a path, SQL or a line of a
log."""

import shutil

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.tidemark.errors import SourceError
from include.tidemark.settings import Settings
from include.tidemark.sources.files import find_files
from include.tidemark.sources.sources_file import TableSource
from tests.security import attacks


def _is_a_name(text: str) -> bool:
    encoded = text.encode("utf-8", "surrogatepass")
    return text not in ("", ".", "..") and "/" not in text and "\0" not in text and len(encoded) < 200


names = st.one_of(
    attacks.texts, st.text(alphabet="ab[]*?!{}%#=:;'\"\\ \n\x1b\u202e.", min_size=1, max_size=12)
).filter(_is_a_name)


def test_a_file_of_any_name_is_found_alone_or_refused_by_one_sentence(tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text("id\n9\n")

    @settings(max_examples=200, suppress_health_check=list(HealthCheck))
    @given(folder=names, name=names, above=st.sampled_from(["landing", "user_id=7", "a[1]*"]))
    def holds(folder: str, name: str, above: str) -> None:
        landing = tmp_path / above
        shutil.rmtree(landing, ignore_errors=True)
        (landing / folder).mkdir(parents=True)
        (landing / folder / f"{name}.csv").write_text("id\n1\n")
        chosen = Settings(landing_url=landing.as_uri())
        try:
            found = find_files(chosen, "orders", TableSource(files="*/*.csv"))
        except SourceError as error:
            attacks.is_one_sentence(error)
        else:
            assert [file.path.path for file in found] == [str(landing / folder / f"{name}.csv")]
            assert found[0].uri.isprintable()

    holds()


def test_a_pattern_of_any_text_stays_below_the_landing_folder(tmp_path):
    landing = tmp_path / "landing"
    (landing / "shop").mkdir(parents=True)
    for place in (landing / "a.csv", landing / "shop" / "b.csv", tmp_path / "outside.csv"):
        place.write_text("id\n1\n")
    parts = st.sampled_from(
        ["..", "*", "**", "shop", "a.csv", "*.csv", "outside.csv", "~", ".", "", "[ab].csv", "/", "file:"]
    )
    patterns = st.one_of(attacks.texts, st.lists(parts, min_size=1, max_size=4).map("/".join)).filter(bool)

    @settings(max_examples=200, suppress_health_check=list(HealthCheck))
    @given(patterns)
    def holds(pattern: str) -> None:
        try:
            found = find_files(
                Settings(landing_url=landing.as_uri()), "orders", TableSource(files=pattern, format="csv")
            )
        except SourceError as error:
            attacks.is_one_sentence(error)
        else:
            assert found and all(file.path.path.startswith(f"{landing}/") for file in found)

    holds()
