"""Sweeps in processes of their own, to be watched, asked to end, or killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from whence.testing.wait import until


def started(script: str, *words: str) -> subprocess.Popen[str]:
    """A process that runs a script with these arguments; what it prints can be read."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", script, *words], stdout=pipe, stderr=pipe, text=True
    )


def begun(out: Path, count: int) -> None:
    """Wait until so many points of the sweep in a folder have left a file ``begun`` in theirs."""
    until(lambda: len(list(out.glob("sim_*/begun"))) >= count)
