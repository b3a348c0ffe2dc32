"""`suggest-rules` on an emulated Snowflake says what it says on DuckDB, from an account that no month was
ever run in."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from include.tidemark.paths import PROJECT_ROOT
from tests.snowflake.dialect import misfits
from tests.snowflake.emulator import running_emulator
from tests.suggest.shop import AS_OF, Shop

pytestmark = pytest.mark.timeout(1800)


def suggested(environment: Mapping[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [
            str(PROJECT_ROOT / "deploy" / "tidemark"),
            "suggest-rules",
            "--as-of",
            str(AS_OF),
            "--format",
            "json",
        ],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_the_proposal_is_the_same_and_nothing_of_it_is_left(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.open()
    with running_emulator(tmp_path / "account") as emulator:
        theirs = suggested(shop.environment | emulator.environment())
    assert theirs == suggested(shop.environment)
    assert emulator.rows("core.fct_customer_category_daily")
    assert emulator.rows("runs.customer_segments") == emulator.rows("runs.customer_spend") == []
    assert emulator.rows("control.gate_results") == emulator.rows("control.publications") == []
    asked = [
        request["sql"] for request in emulator.requests() if "avg_monthly_cents" in request.get("sql", "")
    ]
    assert asked
    assert [text for sql in asked for text in misfits(sql)] == []
