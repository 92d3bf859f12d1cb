"""The command line, run as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Runs `whence` in a folder, with an index cache of its own.

    Attributes
    ----------
    cwd : Path
        Where it runs.
    cache : Path
        Its ``WHENCE_CACHE``.
    """

    cwd: Path
    cache: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it runs with."""
        return {**os.environ, "WHENCE_CACHE": str(self.cache), "COLUMNS": "80"}

    def words(self, *args: object) -> list[str]:
        """The words of the command line."""
        return [sys.executable, "-m", "whence", *map(str, args)]

    def __call__(
        self, *args: object, check: bool = True, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command and wait for it; it must succeed unless `check` is false."""
        done = subprocess.run(
            self.words(*args),
            cwd=cwd or self.cwd,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert not check or done.returncode == 0, done.stderr + done.stdout
        return done

    def json(self, *args: object, check: bool = True, cwd: Path | None = None) -> Any:
        """What a command answers with ``--json``."""
        return json.loads(self(*args, "--json", check=check, cwd=cwd).stdout)
