"""Errors about a row's value, without the value: what a warehouse says of one may name a person."""

import json
import re
from typing import Any

_LEFT_OUT = " (what it says is left out, as it may hold a value of a row)"
_ABOUT_A_VALUE = re.compile(
    r"((?:Conversion|Invalid Input|Out of Range|Constraint|Mismatch Type|Type Mismatch) Error:"  # DuckDB's
    r"|\b\d{6} \((?:22|23)\w{3}\):)"  # Snowflake's, of SQLSTATE's classes for data and for constraints
    r".*?(?=\n\s*LINE \d+:|\n\s*compiled code at |\n(?:\x1b\[\d+m)?\d\d:\d\d:\d\d|\Z)",
    re.DOTALL,
)


def without_values(text: str) -> str:
    r"""The text of a warehouse or of dbt without what it says about values of rows.

    >>> without_values("Conversion Error: Could not convert string 'Zoë' to DOUBLE\n\nLINE 1: select x")
    'Conversion Error (what it says is left out, as it may hold a value of a row)\n\nLINE 1: select x'
    >>> without_values("100038 (22018): Numeric value 'Zoë' is not recognized")
    '100038 (22018) (what it says is left out, as it may hold a value of a row)'
    >>> without_values("Binder Error: Referenced column \"amount\" not found")
    'Binder Error: Referenced column "amount" not found'
    """
    return _ABOUT_A_VALUE.sub(lambda found: found[1].rstrip(":") + _LEFT_OUT, text)


def event_without_values(line: str) -> str:
    r"""A line of dbt's output, which may be an event as JSON, without what it says about values of rows.

    >>> event_without_values('{"msg": "Out of Range Error: 7 is too much\\nLINE 1: x"}')
    '{"msg": "Out of Range Error (what it says is left out, as it may hold a value of a row)\\nLINE 1: x"}'
    """
    try:
        event = json.loads(line)
    except ValueError:
        return without_values(line)
    cleaned = _walk(event)
    return line if cleaned == event else json.dumps(cleaned)


def _walk(value: Any) -> Any:
    if isinstance(value, str):
        return without_values(value)
    if isinstance(value, dict):
        return {name: _walk(part) for name, part in value.items()}
    return [_walk(part) for part in value] if isinstance(value, list) else value
