"""Git repositories that tests make."""

from __future__ import annotations

import subprocess
from pathlib import Path

_IDENTITY = ("-c", "user.name=n", "-c", "user.email=n@example.org")


def git(folder: Path, *words: str) -> None:
    """Call git in a folder, as somebody whose settings it need not know."""
    subprocess.run(["git", *_IDENTITY, *words], cwd=folder, check=True, capture_output=True)
