"""What docs/segmentations.md says is so."""

import re

from include.tidemark.documents.document import read_document
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.reading import load_segmentations

PAGE = (PROJECT_ROOT / "docs" / "segmentations.md").read_text(encoding="utf-8")


def test_the_page_lists_every_feature_with_unit_meaning_and_family():
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \| (.+) \| (?:`(\w+)`)? ?\|$", PAGE, re.MULTILINE)
    expected = [(f.name, f.unit.replace("_", "/"), f.meaning, f.family or "") for f in catalogue().values()]
    assert rows == expected


def test_the_example_of_the_page_can_be_used_as_it_stands(tmp_path):
    (example,) = re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
    file = tmp_path / "loyalty.yml"
    file.write_text(example, encoding="utf-8")
    load_segmentations({"segmentations/loyalty.yml": read_document(file)}, ("customer_segments",))
