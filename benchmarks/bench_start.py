"""What a person waits for at every command: the interpreter, our imports, the answer."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from pair import Pair


def python(*arguments: str, cwd: Path | None = None) -> Callable[[], object]:
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, cwd=cwd, check=True, capture_output=True)


def pairs() -> Iterator[Pair]:
    bare = python("-c", "pass")
    yield Pair("import whence (new process)", python("-c", "import whence"), bare, within=0.1)
    yield Pair("whence --help", python("-m", "whence", "--help"), bare, within=0.1)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        python("-m", "whence", "init", cwd=here)()
        record = python("-m", "whence", "run", "--", sys.executable, "-c", "pass", cwd=here)
        for _ in range(3):
            record()
        floor = python("-c", "import sqlite3, click, rich.table")
        listing = python("-m", "whence", "list", cwd=here)
        yield Pair("whence list (3 runs)", listing, floor, within=0.2)
