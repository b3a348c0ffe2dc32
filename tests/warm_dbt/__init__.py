"""The real dbt without its start: most of these tests start it on tables of a few rows, where importing dbt
and parsing the project take nearly all of the time. A server imports and parses once; each dbt is a process
that it forks. The servers of several pytest processes share what they parsed in the folder WARM_DBT_SHARED,
where it is set."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.tidemark.paths import PROJECT_ROOT

DBT = PROJECT_ROOT / ".venv" / "dbt" / "bin" / "dbt"


@contextmanager
def warm_dbt(folder: Path) -> Iterator[Path]:
    """A command that takes dbt's arguments, environment, streams and signals, and ends as dbt does.

    Args:
        folder: a new one, for the command and its socket; its path must be short.
    """
    socket, command = folder / "socket", folder / "dbt"
    shared = Path(os.environ.get("WARM_DBT_SHARED", folder))
    client = Path(__file__).with_name("client.py").read_text(encoding="utf-8")
    client = client.replace("PATH_OF_THE_SERVER", repr(str(socket)))
    # By the interpreter of the real one, which the doctor asks for what is installed.
    command.write_text(f"#!{DBT.with_name('python')}\n{client}", encoding="utf-8")
    command.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # It ends when this process does, however that ends: its standard input is closed then.
    with subprocess.Popen(
        [DBT.with_name("python"), "-W", "ignore", Path(__file__).with_name("server.py"), socket, shared],
        stdin=subprocess.PIPE,
        env=environment,
        process_group=0,
    ) as server:
        yield command
        server.terminate()
