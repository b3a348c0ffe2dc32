"""The types of both warehouses, as far as the contract tells them apart."""

import pytest

from include.tidemark.sources.kinds import Kind, kind_of


@pytest.mark.parametrize(
    ("data_type", "kind"),
    [
        ("text", Kind.TEXT), ("number(38,0)", Kind.INTEGER), ("number(18,4)", Kind.NUMBER), ("real", Kind.NUMBER),
        ("timestamp_ntz", Kind.TIMESTAMP), ("timestamp_tz", Kind.ZONED), ("timestamp_ltz", Kind.ZONED), ("variant", Kind.JSON),
        ("object", Kind.JSON), ("array", Kind.JSON), ("binary", Kind.OTHER), ("time", Kind.OTHER), ("boolean", Kind.BOOLEAN),
        ("DECIMAL(18,3)[]", Kind.JSON), ("INTEGER[3]", Kind.JSON), ("STRUCT(a DECIMAL(3,2))", Kind.JSON), ("MAP(VARCHAR, INTEGER)", Kind.JSON),
        ("ENUM('a', 'b')", Kind.TEXT), ("TIMESTAMP WITH TIME ZONE", Kind.ZONED), ("BLOB", Kind.OTHER),
    ],
)  # fmt: skip
def test_types_of_both_warehouses_are_told_apart(data_type: str, kind: Kind) -> None:
    assert kind_of(data_type) is kind
