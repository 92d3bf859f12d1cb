"""What git says about the folder that the code lies in."""

from __future__ import annotations

import functools
import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

_ASK = ("status", "--porcelain=v2", "--branch", "--untracked-files=no", "--ignore-submodules=all")
_LASTING = 10.0  # seconds; the answer costs 10 ms in a repository of 2,000 files
LONG = 60.0
"""Seconds that git gets where nobody waits for it."""

_DIFF_BYTES = 16 << 20
_NAME_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Checkout:
    """The state of a git working tree.

    Attributes
    ----------
    commit : str or None
        The commit checked out; None before the first one.
    branch : str or None
        The branch checked out; None where HEAD is detached.
    dirty : bool
        Whether tracked files differ from the commit. Other files do not count here:
        the output of runs lies among them, and the digests of the code tell about the others.
    """

    commit: str | None
    branch: str | None
    dirty: bool


def checkout(folder: str | os.PathLike[str], within: float = 1.0) -> Checkout | None:
    """The git working tree around a folder; None where there is none.

    An answer is used again for ten seconds, so that a thousand runs ask once.
    """
    return _ANSWERS.answer(Path(folder).absolute(), within)


class _Answers:
    """The latest answer per folder. It is a memo of facts outside, not state of ours."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[float, float, Checkout | None]] = {}

    def answer(self, folder: Path, within: float) -> Checkout | None:
        asked, waited, answer = self._known.get(folder, (0.0, 0.0, None))
        if asked and time.monotonic() - asked < _LASTING and (answer or within <= waited):
            return answer
        answer = ask(folder, within)
        self._known[folder] = (time.monotonic(), within, answer)
        return answer


_ANSWERS = _Answers()


def ask(folder: Path, within: float) -> Checkout | None:
    """What git says now."""
    try:
        git = subprocess.run(
            ["git", "--no-optional-locks", "-C", folder, *_ASK],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=within,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):  # no git, no repository, or no answer in time
        return None
    return _read(git.stdout.decode("utf-8", "replace"))


def root_of(folder: Path) -> Path | None:
    """The topmost folder of the working tree around a folder; None where there is none."""
    said = _said(folder, ("rev-parse", "--show-toplevel"), 1 << 16)
    return Path(os.fsdecode(said.rstrip(b"\n"))) if said else None


def remote(folder: Path) -> str | None:
    """Where the repository came from, as its configuration says."""
    said = _said(folder, ("config", "--get", "remote.origin.url"), 1 << 16)
    return os.fsdecode(said.strip()) if said else None


@functools.lru_cache(maxsize=256)
def tracks(folder: Path, commit: str, paths: tuple[Path, ...]) -> bool:
    """Whether git tracks all of the files; asked once for each commit."""
    said = _said(folder, ("ls-files", "-z", "--", *map(str, paths)), _NAME_BYTES)
    return said is not None and said.count(b"\0") == len(paths)


def diff(folder: Path) -> bytes | None:
    """How the tracked files differ from the commit; None if it is too much to keep."""
    words = ("diff", "HEAD", "--binary", "--no-color", "--no-ext-diff", "--no-textconv")
    return _said(folder, words, _DIFF_BYTES)


def untracked(folder: Path) -> bytes | None:
    """The names of files that git neither tracks nor ignores, a line each."""
    return _said(folder, ("ls-files", "--others", "--exclude-standard"), _NAME_BYTES)


def _said(folder: Path, words: tuple[str, ...], most: int) -> bytes | None:
    """What git answers; None if it fails, takes too long, or says more than `most` bytes."""
    try:
        with subprocess.Popen(
            ["git", "--no-optional-locks", "-C", folder, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as git:
            limit = threading.Timer(LONG, git.kill)
            limit.start()
            try:
                assert git.stdout is not None
                said = git.stdout.read(most + 1)
                if len(said) > most:
                    git.kill()
                git.wait()
            finally:
                limit.cancel()
    except OSError:
        return None
    return said if git.returncode == 0 and len(said) <= most else None


def _read(said: str) -> Checkout:
    facts: dict[str, str] = {}
    dirty = False
    for line in said.splitlines():
        if line.startswith("# "):
            key, _, value = line[2:].partition(" ")
            facts[key] = value
        else:
            dirty = True
    commit = facts.get("branch.oid", "(initial)")
    branch = facts.get("branch.head", "(detached)")
    return Checkout(
        None if commit.startswith("(") else commit,
        None if branch.startswith("(") else branch,
        dirty,
    )
