"""Write docs/reference/commands.md from what `whence COMMAND --help` prints.

    python tools/commands.py

A test holds the page against the commands.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import rich_click

from whence.cli.group import COMMANDS

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "commands.md"

HEAD = """# Commands

What `whence COMMAND --help` prints, of all commands; written by `tools/commands.py`. What they
answer with `--json` is told [on a page of its own](json.md).
"""


def help_of(name: str) -> str:
    """What ``whence NAME --help`` prints, a hundred columns wide and without colours."""
    plain = {key: value for key, value in os.environ.items() if key != "FORCE_COLOR"}
    done = subprocess.run(
        [sys.executable, "-m", "whence", name, "--help"],
        env={**plain, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=True,
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n ").splitlines())


def page() -> str:
    """The whole page."""
    groups = rich_click.rich_click.COMMAND_GROUPS["whence"]
    with ThreadPoolExecutor(4) as pool:
        told = dict(zip(COMMANDS, pool.map(help_of, COMMANDS), strict=True))
    parts = [HEAD]
    for group in groups:
        parts.append(f"## {group['name']}\n")
        parts += [
            f"### whence {name}\n\n```text\n{told.pop(name)}\n```\n" for name in group["commands"]
        ]
    if told:
        raise SystemExit(f"in no group of whence.cli.group: {', '.join(told)}")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
