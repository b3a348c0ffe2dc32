"""What all commands have in common: help, exit codes, and no traceback."""

import argparse
import itertools
import os
import shlex
import signal
import subprocess
import sys

import pytest

from include.tidemark import kept_logs
from include.tidemark.cli import guard
from include.tidemark.cli.main import GROUPS, _parser, main
from include.tidemark.errors import TidemarkError
from include.tidemark.paths import PROJECT_ROOT


def commands() -> list[str]:
    sub = argparse.ArgumentParser().add_subparsers()
    for group in GROUPS:
        group.add_parser(sub)
    return list(sub.choices)


@pytest.mark.parametrize("command", commands())
def test_the_help_of_every_command_has_examples_of_it_that_parse(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    examples = printed.split("examples:\n")[1].split("\n")
    assert examples[0].startswith(f"  tidemark {command}")
    assert all(len(line) <= 80 for line in examples)
    parser = _parser()
    for example in filter(None, map(str.strip, examples)):
        typed = itertools.takewhile(
            lambda word: word not in ("|", ">", ";", "&&"), shlex.split(example, comments=True)
        )
        program, *arguments = typed
        assert program == "tidemark" and parser.parse_args(arguments).command == command, example


def test_the_help_lists_every_command(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    listed = {line.split()[0] for line in printed.splitlines() if line.startswith("    ") and line.split()}
    assert listed >= set(commands())


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["runs", "--what"], ["runs", "--format", "xml"]])
def test_arguments_that_can_not_be_used_end_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: tidemark" in capsys.readouterr().err


def test_a_setting_that_can_not_be_used_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setenv("TIDEMARK_DBT_THREADS", "many")
    assert main(["runs"]) == 2
    assert capsys.readouterr().err.startswith("tidemark: The environment variable TIDEMARK_DBT_THREADS can't")


def fail(error: BaseException):
    raise error


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (TidemarkError("Nothing is there."), 2, "tidemark: Nothing is there.\n"),
        (KeyboardInterrupt(), 130, "tidemark: interrupted.\n"),
        (KeyboardInterrupt("interrupted in the stage models."), 130, "tidemark: interrupted in the stage models.\n"),
    ],
)  # fmt: skip
def test_what_ends_a_command_is_one_sentence_and_an_exit_code(error, code, sentence, capsys):
    assert guard.guarded(lambda: fail(error)) == code
    assert capsys.readouterr().err == sentence


@pytest.mark.parametrize("request_to_end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_is_an_interruption_though_duckdb_makes_another_error_of_it(request_to_end):
    program = (
        "import os, sys, time\n"
        "from include.tidemark.cli.guard import guarded\n"
        "from include.tidemark.cli.process import prepare\n"
        "prepare()\n"
        "def query():\n"
        "    try:\n"
        f"        os.kill(os.getpid(), {int(request_to_end)})\n"
        "        time.sleep(10)\n"
        "    except KeyboardInterrupt:\n"
        "        raise RuntimeError('Query interrupted') from None\n"
        "sys.exit(guarded(query))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("tidemark: interrupted.\n", 130)


def test_an_unexpected_error_is_one_sentence_that_names_its_kind_and_the_log(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(kept_logs, "LOCAL_STATE", tmp_path)
    assert guard.guarded(lambda: fail(AttributeError("no 'x' here"))) == 1
    (log,) = (tmp_path / "logs").iterdir()
    assert capsys.readouterr().err == (
        f"tidemark: an unexpected AttributeError stopped the command; where it happened is in {log}.\n"
    )
    assert "in fail\n" in log.read_text() and "AttributeError: no 'x' here" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_the_log_is_below_the_temporary_folder_where_the_project_can_not_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(kept_logs, "LOCAL_STATE", tmp_path / "file")
    monkeypatch.setattr(kept_logs.tempfile, "gettempdir", lambda: str(tmp_path / "temp"))  # type: ignore[attr-defined]
    assert guard.guarded(lambda: fail(AttributeError())) == 1
    assert len(list((tmp_path / "temp").iterdir())) == 1


def test_neither_the_sentence_nor_the_log_holds_what_a_database_said_of_a_row(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(kept_logs, "LOCAL_STATE", tmp_path)

    def convert():
        try:
            int("jane@example.com")
        except ValueError as error:
            raise RuntimeError("-".join(["pass", "word"])) from error

    assert guard.guarded(convert) == 1
    (log,) = (tmp_path / "logs").iterdir()
    text = log.read_text() + capsys.readouterr().err
    assert "builtins.ValueError" in text and "builtins.RuntimeError" in text
    assert "invalid literal" not in text and "pass-word" not in text


def test_a_reader_that_has_seen_enough_is_no_error():
    program = "from include.tidemark.cli.guard import guarded\nimport sys\nsys.exit(guarded(lambda: print('line\\n' * 100_000) or 0))"
    shell = f'"{sys.executable}" -c "$PROGRAM" | head -n 1; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(
        ["bash", "-c", shell],
        env=os.environ | {"PROGRAM": program},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("line\n", "", guard.CLOSED_PIPE)


UNBUFFERED = pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])


def printing(text: str, redirection: str, unbuffered: str = "") -> subprocess.CompletedProcess[str]:
    """A command that prints, in a shell that sends its stdout somewhere; a log would be a file of its working
    folder."""
    program = (
        "import sys\n"
        "from include.tidemark.cli import guard, main\n"
        "guard._where_to_look = None\n"
        f"main._run = {text}\n"
        "sys.exit(main.main())"
    )
    return subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -c "$PROGRAM" {redirection}'],
        env=os.environ | {"PROGRAM": program, "PYTHONUNBUFFERED": unbuffered},
        capture_output=True,
        text=True,
        check=False,
    )


@UNBUFFERED
@pytest.mark.parametrize(
    "text", ["lambda _: print('few') or 0", "lambda _: print('line ' * 100_000) or 0", "lambda _: main._parser().parse_args(['--help'])"],
    ids=["a line", "many", "help"],
)  # fmt: skip
def test_a_full_device_is_one_sentence_and_ends_with_1(text, unbuffered):
    done = printing(text, "> /dev/full", unbuffered)
    assert done.stderr == (
        "tidemark: what this command printed could not be written (No space left on device); make room, or send it elsewhere."
        " What else it did is done.\n"
    )
    assert done.returncode == 1


def test_another_file_s_full_device_is_not_taken_for_that_of_the_output(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(kept_logs, "LOCAL_STATE", tmp_path)
    assert guard.guarded(lambda: fail(OSError(28, "No space left on device"))) == 1
    assert "an unexpected OSError" in capsys.readouterr().err


def test_a_stdout_that_is_closed_is_refused_before_anything_is_done(tmp_path):
    done = printing(f"lambda _: open({str(tmp_path / 'done')!r}, 'w')", ">&-")
    assert done.stderr.startswith("tidemark: stdout is closed, so ") and done.stderr.count("\n") == 1
    assert done.returncode == 2 and not (tmp_path / "done").exists()


def test_no_home_of_airflow_is_made_in_the_user_s_own_folder(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "AIRFLOW_HOME"}
    done = subprocess.run(
        [PROJECT_ROOT / "deploy" / "tidemark", "runs"],
        cwd=tmp_path,
        env=environment | {"HOME": str(tmp_path), "TIDEMARK_ARTIFACT_ROOT": tmp_path.as_uri()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("(no rows)\n", "", 0)
    assert list(tmp_path.iterdir()) == []


def test_the_launcher_imports_nothing_from_the_folder_that_it_is_started_in(tmp_path):
    (tmp_path / "include").mkdir()
    for name in ("include/__init__.py", "duckdb.py", "argparse.py"):
        (tmp_path / name).write_text("raise SystemExit('imported from the folder')\n", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [PROJECT_ROOT / "deploy" / "tidemark", "--version"],
        cwd=tmp_path,
        env=environment | {"TIDEMARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
