"""A page of the documentation as a session in a shell: its `console` blocks are run one after another in one
shell.

A line that begins with `$ ` is a command (`> ` goes on with it), the lines after it are what it prints, to
both streams. A line of `...` stands for any lines. What differs from run to run (times, run keys, digests,
paths) is compared as a word for it.

    PYTHONPATH=. python -m tests.your_data.page docs/your-data.md HOME   # write what the commands print now into the page
"""  # noqa: W505

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from include.tidemark.paths import PROJECT_ROOT

_END = "--- end of command, exit code "
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_VOLATILE = (
    (re.compile(r"\d{8}_\d{8}T\d{6}_[0-9a-f]{8}"), "20260601_20260601T070000_0123abcd"),
    (re.compile(r"\b\d+(\.\d+)? (s|min)\b"), "1 s"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "0123456789ab"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
    (re.compile(r" {2,}"), "  "),
)
_CONTINUED = " " * 20
"""How a line begins that goes on with the last cell of the one above."""
_PROGRESS = re.compile(r"^\s*(\d+/\d+)\s+\w+ ")
"""A line that a stage prints again and again until it is over."""


@dataclass
class Step:
    """One command of the page."""

    command: str
    expected: list[str]
    printed: list[str]
    code: int = 0


def steps_of(page: str) -> list[list[Step]]:
    """The page's commands, block by block."""
    return [_steps(block) for block in _BLOCK.findall(page)]


def section(page: str, title: str) -> str:
    """The part of the page below a second-level heading, up to the next."""
    return page.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def run_page(page: str, home: Path, environment: Mapping[str, str] | None = None) -> list[list[Step]]:
    """Run the page's commands in a shell whose home is `home`; the project stands there as `tidemark`."""
    blocks = steps_of(page)
    project = home / "tidemark"
    if not project.exists():
        project.symlink_to(PROJECT_ROOT)
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("TIDEMARK_", "AIRFLOW"))
    }
    shell = subprocess.Popen(
        ["bash", "--noprofile", "--norc"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=home,
        env=kept | {"HOME": str(home), "COLUMNS": "100", "PS1": ""} | dict(environment or {}),
    )
    assert shell.stdin and shell.stdout
    with shell:
        for step in (step for block in blocks for step in block):
            shell.stdin.write(f"{step.command}\necho '{_END}'$?\n")
            shell.stdin.flush()
            for line in shell.stdout:
                before, mark, code = line.rstrip("\n").partition(_END)
                if mark:
                    step.printed += [before] if before else []
                    step.code = int(code)
                    break
                step.printed.append(line.rstrip("\n").replace(str(home), "/home/you"))
        shell.stdin.close()
    return blocks


def differences(step: Step) -> str:
    """What the command printed otherwise than the page says; empty when it agrees."""
    found, expected = _plain(step.printed), _plain(step.expected)
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in expected)
    if re.fullmatch(pattern, "".join(f"{line}\n" for line in found)):
        return ""
    return f"$ {step.command}\nprints\n" + "\n".join(found) + "\nthe page says\n" + "\n".join(expected)


def with_printed(page: str, blocks: list[list[Step]]) -> str:
    """The page with what the commands printed."""
    texts = iter(blocks)

    def written(_: re.Match[str]) -> str:
        lines = []
        for step in next(texts):
            first, *more = step.command.split("\n")
            lines += [f"$ {first}", *(f"> {line}" for line in more)]
            elided = step.expected == ["..."] or not differences(step)
            lines += step.expected if elided else _last_of_progress(step.printed)
        return "```console\n" + "\n".join(lines) + "\n```"

    return _BLOCK.sub(written, page)


def _steps(block: str) -> list[Step]:
    steps: list[Step] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            steps.append(Step(line[2:], [], []))
        elif line.startswith("> ") and steps and not steps[-1].expected:
            steps[-1].command += "\n" + line[2:]
        elif steps:
            steps[-1].expected.append(line)
    return steps


def _plain(lines: list[str]) -> list[str]:
    plain: list[str] = []
    for line in _unwrapped(_last_of_progress(lines)):
        words = line
        for pattern, word in _VOLATILE:
            words = pattern.sub(word, words)
        plain.append(words)
    return plain


def _unwrapped(lines: list[str]) -> list[str]:
    """Cells of a table on one line each: where they are wrapped depends on how long the home's path is."""
    whole: list[str] = []
    for line in lines:
        if whole and line.startswith(_CONTINUED):
            whole[-1] += f" {line.strip()}"
        else:
            whole.append(line)
    return whole


def _last_of_progress(lines: list[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        step = _PROGRESS.match(line)
        last = _PROGRESS.match(kept[-1]) if kept else None
        if step and last and step[1] == last[1]:
            kept.pop()
        kept.append(line)
    return kept


if __name__ == "__main__":
    file, where = Path(sys.argv[1]), Path(sys.argv[2])
    text = file.read_text(encoding="utf-8")
    file.write_text(with_printed(text, run_page(text, where)), encoding="utf-8")
