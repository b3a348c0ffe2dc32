"""The conditions of the shipped segmentations as macros of dbt, which can so be started without Python: `make
segments` writes them anew, and a test finds them stale."""

import sys
from collections.abc import Mapping
from pathlib import Path

from sqlglot import exp

from include.tidemark.paths import DBT_DIR
from include.tidemark.rules import load_rules
from include.tidemark.segmentations.conditions import compile_condition
from include.tidemark.segmentations.shipped import Shipped, shipped, shipped_names

MACROS = DBT_DIR / "macros" / "shipped_segments.sql"
_HEAD = "{#- Made of the files of dbt/segmentations/ by `make segments`: change those, not this one. -#}\n"


def macros_text() -> str:
    """The file of macros."""
    rules = load_rules(environ={})
    return _HEAD + "".join(_macro(shipped(name, rules)) for name in shipped_names())


def _macro(of: Shipped) -> str:
    stand_ins = {name: _stand_in(number, value) for number, (name, value) in enumerate(of.rules.items())}
    segments = ",\n".join(
        f"        {{'name': {_text(segment.name)}, 'condition': {_condition(of, segment.when, stand_ins)}}}"
        for segment in of.segments
    )
    return (
        f"\n{{#- The segments of {of.name}. -#}}\n{{% macro segments_of_{of.name}() -%}}\n    {{{{ return({{'segments': [\n"
        f"{segments},\n    ]}}) }}}}\n{{%- endmacro %}}\n"
    )


def _stand_in(number: int, value: object) -> exp.Expr:
    """What stands for a rule while its condition is compiled: of its sort, and found again in the SQL."""
    literal = exp.Literal.number(f"0.9081726354{number:03}")
    return (
        exp.paren(exp.EQ(this=exp.Literal.number(1), expression=literal))
        if isinstance(value, bool)
        else literal
    )


def _condition(of: Shipped, when: str | None, stand_ins: Mapping[str, exp.Expr]) -> str:
    """The compiled condition as a text of Jinja, with the rules as dbt reads them."""
    if when is None:
        return "none"
    text = _text(compile_condition(when, of.known, stand_ins).sql)
    for name, stand_in in stand_ins.items():
        macro = "rule_number" if isinstance(stand_in, exp.Literal) else "rule_flag"
        text = text.replace(stand_in.sql(), f'" ~ {macro}("{name}") ~ "')
    return text.removesuffix(' ~ ""')


def _text(value: str) -> str:
    if '"' in value or "\\" in value:
        raise ValueError(
            f"{value!r} has a double quote or a backslash, which no text of the macros may have."
        )
    return f'"{value}"'


def main() -> int:
    """Write the macros anew."""
    MACROS.write_text(macros_text(), encoding="utf-8")
    print(MACROS.relative_to(Path.cwd()) if MACROS.is_relative_to(Path.cwd()) else MACROS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
