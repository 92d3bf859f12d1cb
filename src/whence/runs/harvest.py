"""The output files that a program wrote: those that match, and are new or were written since."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from whence.base.digest import Seen


@dataclass(frozen=True, slots=True)
class Harvest:
    """What patterns find below a folder, before a program runs and after.

    A file that lay there before counts as output only if it was written since: a pattern says
    which files are meant, not who wrote them.

    Attributes
    ----------
    folder : Path
        Where the patterns start from.
    patterns : tuple of str
        Files, folders or patterns; an empty one is the folder itself.
    before : dict of Path to Seen
        Each file that was there before.
    """

    folder: Path
    patterns: tuple[str, ...]
    before: dict[Path, Seen]

    @classmethod
    def sow(cls, folder: Path, patterns: Sequence[str]) -> Harvest:
        """Look at what is there before the program starts."""
        there = {path: Seen.of(path, small=0) for p in patterns for path in matching(folder, p)}
        return cls(folder, tuple(patterns), there)

    def reap(self, pattern: str) -> tuple[list[Path], int]:
        """The files of a pattern that are new or were written, and how many others match."""
        found = sorted(set(matching(self.folder, pattern)))
        old = self.before
        written = [path for path in found if path not in old or old[path].is_written()]
        return written, len(found) - len(written)


def matching(folder: Path, pattern: str) -> Iterator[Path]:
    """The files that a path or pattern finds; of a folder all below it."""
    # A file may be called like a pattern; then it is the file that is meant.
    there = folder / pattern
    places = [there] if there.exists() else map(Path, glob.glob(str(there), recursive=True))
    for path in places:
        if path.is_dir():
            yield from (item for item in path.rglob("*") if item.is_file())
        elif path.is_file():
            yield path


def left_out(pattern: str, written: int, unchanged: int) -> str:
    """What is to be said of a pattern; empty if it found what was written, and nothing else."""
    if unchanged:
        files = "1 file matches" if unchanged == 1 else f"{unchanged} files match"
        verb, them = ("was", "is") if unchanged == 1 else ("were", "are")
        more = "" if written else "; nothing else matches"
        return (
            f"{files} {pattern!r} but {verb} not written by this run, and so {them} no output "
            f"of it{more}"
        )
    return "" if written else f"no output matches {pattern!r}"
