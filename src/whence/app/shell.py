"""Shells that have a command of the name whence themselves: decision 0014."""

from __future__ import annotations

import os
from pathlib import Path

ALIAS = "alias whence='command whence'"
"""What puts this whence before the builtin."""


def namesake() -> str | None:
    """The user's shell, if it has a builtin command of the name."""
    name = Path(os.environ.get("SHELL", "")).name
    return name if name in ("zsh", "ksh") else None
