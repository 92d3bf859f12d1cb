"""Examples are tested as a user runs them: a copy of their folder, their own command."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def example(tmp_path: Path) -> Callable[[str], Path]:
    """Copies an example's folder, without what a run of it left there."""

    def copy(name: str) -> Path:
        leftovers = shutil.ignore_patterns("runs", ".whence", "__pycache__")
        return Path(shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=leftovers))

    return copy


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The variables for an example: programs of this interpreter first, no store but its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WHENCE_")}
    beside = os.path.dirname(sys.executable)
    return {
        **kept,
        "PATH": os.pathsep.join([beside, os.environ.get("PATH", "")]),
        "WHENCE_CACHE": str(tmp_path / "cache"),
    }
