"""What a person waits for at every command: the interpreter, our imports, the answer."""

import contextlib
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bench_records import RECORDS, cached
from pair import Pair

# Whoever works has the bytecode of an installed program written once; here too.
WITHOUT = ("PYTHONDONTWRITEBYTECODE",)


def python(*arguments: str, cwd: Path | None = None, **more: str) -> Callable[[], object]:
    command = [sys.executable, *arguments]
    kept = {name: value for name, value in os.environ.items() if name not in WITHOUT}
    return lambda: subprocess.run(
        command, cwd=cwd, check=True, capture_output=True, env=kept | more
    )


def in_a_terminal(*arguments: str, cwd: Path) -> Callable[[], object]:
    """The same where somebody sees it: with colours, in 80 columns."""

    def run() -> None:
        kept = {name: value for name, value in os.environ.items() if name not in WITHOUT}
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs,
            env=kept | {"TERM": "xterm", "COLUMNS": "80"},
        )  # fmt: skip
        os.close(theirs)
        with contextlib.suppress(OSError):  # the end of a terminal is an error
            while os.read(ours, 1 << 16):
                pass
        os.close(ours)
        assert process.wait() == 0

    return run


def pairs() -> Iterator[Pair]:
    bare = python("-c", "pass")
    yield Pair("import whence (new process)", python("-c", "import whence"), bare, within=0.1)
    yield Pair("whence --help", python("-m", "whence", "--help"), bare, within=0.1)
    here = cached()
    floor = python("-c", "import sqlite3, click, rich.table")
    listing = python("-m", "whence", "list", cwd=here)
    yield Pair(f"whence list ({RECORDS:,} runs)", listing, floor, rounds=15, reach=2.5)
    seen = in_a_terminal("-m", "whence", "list", cwd=here)
    yield Pair("the same in a terminal", seen, floor, rounds=15, reach=2.5)
    typed = {"COMP_WORDS": "whence show 20200126T0001230000", "COMP_CWORD": "2"}
    completing = python("-m", "whence", cwd=here, _WHENCE_COMPLETE="bash_complete", **typed)
    assert b"20200126T0001230000123" in completing().stdout
    yield Pair("completing a run id", completing, floor, rounds=15, reach=1.7)
