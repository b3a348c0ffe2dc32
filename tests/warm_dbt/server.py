"""Imports dbt, parses what it is asked for the first time, and forks a process for each command. Run by dbt's
own Python.

`server.py SOCKET SHARED`: what was parsed, and which macros were used, is kept in the folder SHARED for all
servers.
"""

import array
import fcntl
import gc
import hashlib
import json
import os
import pickle
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from dbt.adapters.factory import load_plugin
from dbt.cli.main import cli, dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_common.clients.jinja import get_template, template_cache

COMMANDS = {"build", "compile", "run", "seed", "test"}
PLACES = ("--project-dir", "--profiles-dir", "--target-path", "--log-path")
PROJECT = Path(__file__).parents[2] / "dbt"
MOST_MANIFESTS = 8

manifests: dict[str, Any] = {}
compiled: set[Path] = set()


def main() -> None:
    """Serve until the standard input is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # Nearly all that is here stays; looking through it again and again takes a sixth of the time that parsing
    # does.
    gc.disable()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen(64)
        while sys.stdin not in select.select([sys.stdin, listener], [], [])[0]:
            connection, _ = listener.accept()
            serve(connection)


def serve(connection: socket.socket) -> None:
    """Start the process of one command."""
    length, streams = receive_head(connection)
    content = b""
    while len(content) < length:
        content += connection.recv(length - len(content))
    request = json.loads(content)
    manifest = manifest_of(request)
    compile_macros()
    gc.freeze()
    if os.fork() == 0:
        gc.enable()
        become(request, streams)
        code = 1
        known = set(template_cache.file_cache)
        try:
            threading.Thread(target=obey, args=(connection,), daemon=True).start()
            code = run(request["arguments"], manifest)
            for text in template_cache.file_cache.keys() - known:
                tell_of_macro(text)
        finally:
            connection.sendall(bytes([code]))
        sys.exit(code)  # as every process ends: DuckDB then writes what its log holds into its file
    for stream in streams:
        os.close(stream)
    connection.close()


def named_by(content: str) -> Path:
    """The shared file that belongs to a content."""
    return Path(sys.argv[2]) / hashlib.sha256(content.encode()).hexdigest()


def tell_of_macro(text: str) -> None:
    """Let all servers compile a macro before they fork."""
    file = named_by(text).with_suffix(f".{os.getpid()}")
    file.write_text(text, encoding="utf-8")
    file.replace(file.with_suffix(".macro"))


def compile_macros() -> None:
    """Compile what any command has used so far, so that no other one does."""
    for file in set(Path(sys.argv[2]).glob("*.macro")) - compiled:
        text = file.read_text(encoding="utf-8")
        template_cache.file_cache.setdefault(text, get_template(text, {}))
        compiled.add(file)


def receive_head(connection: socket.socket) -> tuple[int, list[int]]:
    """The length of the request, and the streams of the command."""
    streams = array.array("i")
    head, ancillary, *_ = connection.recvmsg(10, socket.CMSG_LEN(3 * streams.itemsize))
    for _, _, data in ancillary:
        streams.frombytes(data)
    return int(head), list(streams)


def become(request: dict[str, Any], streams: list[int]) -> None:
    """Take the place of the command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w", buffering=1), open(2, "w", buffering=1)  # noqa: SIM115
    take_environment(request)


def take_environment(request: dict[str, Any]) -> None:
    """The variables and the working folder of the command."""
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])


def obey(connection: socket.socket) -> None:
    """Do with each signal what the command was sent; end when it has ended."""
    while number := connection.recv(1):
        os.kill(os.getpid(), number[0])
    os._exit(1)


def run(arguments: list[str], manifest: Any) -> int:
    """Run dbt's command line; returns its exit code."""
    try:
        cli.main(arguments, prog_name="dbt", obj={"manifest": manifest} if manifest else None)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0


def manifest_of(request: dict[str, Any]) -> Any:
    """The parsed project for a command, or None where the command parses for itself."""
    arguments = request["arguments"]
    command = next((each for each in arguments if not each.startswith("-")), "")
    options = dict(pairwise(arguments))
    environment = request["environment"]
    if command not in COMMANDS or not options.keys() >= set(PLACES):
        return None
    target = options.get("--target", environment.get("TIDEMARK_WAREHOUSE", "duckdb"))
    profiles = Path(options["--profiles-dir"], "profiles.yml")
    # A task of a DAG has a copy of the project, which no other command has: on Snowflake it says itself what
    # is wrong with it.
    if not profiles.exists() or (target != "duckdb" and Path(options["--project-dir"]) != PROJECT):
        return None
    variables = json.loads(options.get("--vars", "{}"))
    # Of a profile, only the names with which those of the relations begin are in a manifest; DuckDB takes its
    # database's from the file.
    profile = yaml.safe_load(profiles.read_bytes())["tidemark"]
    names = [profile["outputs"].get(target, {}).get(name) for name in ("database", "schema")]
    names += [environment.get(name) for name in ("SNOWFLAKE_DATABASE", "SNOWFLAKE_SCHEMA")]
    names += [Path(environment.get("TIDEMARK_DUCKDB_PATH", "warehouse.duckdb")).stem]
    key = json.dumps([options["--project-dir"], target, names, variables], sort_keys=True)
    if key not in manifests:
        if len(manifests) == MOST_MANIFESTS:
            del manifests[next(iter(manifests))]
        manifests[key] = kept(key, lambda: parsed(request, options, target, variables))
    if manifests[key]:
        load_plugin(target)  # which imports the adapter
    manifests[key] = manifests.pop(key)
    return manifests[key]


def kept(key: str, parse: Callable[[], Any]) -> Any:
    """The manifest of a key, parsed by the first server that wants it while the others wait."""
    file = named_by(key)
    with file.open("a+b") as shared:
        fcntl.flock(shared, fcntl.LOCK_EX)
        if file.stat().st_size:
            shared.seek(0)
            manifest = Manifest()
            vars(manifest).update(pickle.load(shared))
        elif manifest := parse():
            # By its parts: dbt's own way to pickle it gives them back in the wrong order. It makes its lock
            # anew.
            parts = {name: part for name, part in vars(manifest).items() if name != "_lock"}
            shared.write(pickle.dumps(parts))
            for text in template_cache.file_cache:
                tell_of_macro(text)
        return manifest


def parsed(request: dict[str, Any], options: dict[str, str], target: str, variables: dict[str, Any]) -> Any:
    """Parse the project in this process; None where that fails, so that the command says why.

    Without the static parser: its threads are missing where a process is forked, which would wait for them
    for ever.
    """
    before = {"environment": dict(os.environ), "folder": str(Path.cwd())}
    take_environment(request)
    try:
        command = [
            "--quiet",
            "parse",
            "--no-partial-parse",
            "--no-write-json",
            "--no-static-parser",
            "--target",
            target,
        ]
        places = [part for name in PLACES for part in (name, options[name])]
        return dbtRunner().invoke([*command, *places, "--vars", json.dumps(variables)]).result
    finally:
        take_environment(before)


if __name__ == "__main__":
    main()
