"""Pages that are typed as they stand: files written, commands run, Python gone on with."""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"

# What differs from day to day, and what is said of it instead. Ids first: they hold digits.
_MOVING = (
    (re.compile(r"\b\d{8}T\d{6}[a-z0-9]{7}\b"), "ID"),
    (re.compile(r"\b\d+(\.\d+)? (s|ms|min|h)( ago)?\b"), "TIME"),
    (re.compile(r"\b\d+(\.\d+)? (B|kB|MB|GB)\b"), "SIZE"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "DIGEST"),
)

# Goes on like a notebook: one namespace, and the value of a last expression is printed.
_NOTEBOOK = """
import ast, contextlib, io, json, sys, traceback
space = {"__name__": "__main__"}
for line in sys.stdin:
    said, wrong = io.StringIO(), None
    with contextlib.redirect_stdout(said):
        try:
            tree = ast.parse(json.loads(line))
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "page", "exec"), space)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), "page", "eval"), space)
                if value is not None:
                    print(repr(value))
        except BaseException:
            wrong = traceback.format_exc()
    print(json.dumps([said.getvalue(), wrong]), flush=True)
"""


@dataclass
class Reader:
    """Someone who types a page of the documentation, block after block, in an empty folder.

    A block of ``python``, ``yaml`` or the like that begins with ``# name.ext`` is a file to be
    written; other ``python`` is run in one notebook; of ``console`` the lines after ``$``. What
    is printed must be what the page shows (after ``$`` lines, or in a ``text`` block that follows
    Python), if it shows anything; ``...`` stands for any text.
    """

    folder: Path
    variables: dict[str, str]
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.notebook = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _NOTEBOOK],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        self.notebook.communicate()

    def read(self, page: str) -> None:
        """Do all that the page says, and tell at the end where it was wrong."""
        blocks = re.findall(r"^```(\w+)\n(.*?)^```$", (DOCS / page).read_text(), re.M | re.S)
        for number, (language, text) in enumerate(blocks):
            follows = blocks[number + 1] if number + 1 < len(blocks) else ("", "")
            if name := re.match(r"# (\S+\.[a-z]+)\n", text):
                (self.folder / name[1]).write_text(text)
            elif language == "python":
                self.expect(self.python(text), follows[1] if follows[0] == "text" else "", text)
            elif language == "console":
                self.type(text)
        assert not self.wrong, "\n".join(self.wrong)

    def python(self, text: str) -> str:
        self.notebook.stdin.write(json.dumps(text) + "\n")
        self.notebook.stdin.flush()
        said, wrong = json.loads(self.notebook.stdout.readline())
        assert wrong is None, f"{text}\n{wrong}"
        return said

    def type(self, text: str) -> None:
        """Type the commands of a block."""
        for typed in re.split(r"^\$ ", text, flags=re.M)[1:]:
            words, shown = re.match(r"((?:[^\n]*\\\n)*[^\n]*)\n?(.*)", typed, re.S).groups()
            done = subprocess.run(
                ["bash", "-c", words],
                cwd=self.folder,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
            )
            assert not done.returncode, f"{words}\n{done.stdout}"
            self.expect(done.stdout, shown, words)

    def expect(self, said: str, shown: str, words: str) -> None:
        if not shown.strip():
            return
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        told, wanted = (_still(text).strip() + "\n" for text in (said, shown))
        if not doctest.OutputChecker().check_output(wanted, told, flags):
            self.wrong.append(f"--- {words}\n--- says\n{said}\n--- and the page\n{shown}")


def _still(text: str) -> str:
    for pattern, instead in _MOVING:
        text = pattern.sub(instead, text)
    return text


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Types a page in an empty folder, and gives that folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WHENCE_", "SLURM_", "OMPI_"))}
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
    readers = []

    def type_in(page: str) -> Path:
        reader = Reader(
            folder,
            {
                **kept,
                "PATH": path,
                "WHENCE_CACHE": str(tmp_path / "cache"),
                "MPLBACKEND": "agg",
                "COLUMNS": "100",
            },
        )
        readers.append(reader)
        reader.read(page)
        return folder

    yield type_in
    for reader in readers:
        reader.close()
