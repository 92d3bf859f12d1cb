"""What evaluations tell of the files that they depend on."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Recorder(Protocol):
    """Hears which files an evaluation depends on and which it made.

    Called from the thread that evaluates, once per file and evaluation.
    """

    def read(self, path: Path, digest: str) -> None:
        """A file with that content was needed, also where a cached result spared reading it."""

    def wrote(self, path: Path, digest: str) -> None:
        """A file with that content was made."""
