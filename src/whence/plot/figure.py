"""What became of one figure's file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whence.base.problem import Problem
from whence.plot.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure in one format: written, or why it was not.

    Attributes
    ----------
    name : str
        The plot's name in the configuration.
    path : Path
        Where the file is, or would have been.
    format : str
        ``pdf``, ``png`` or ``svg``.
    status : str
        ``drawn``, ``cached`` (written from the cache, nothing was computed or drawn),
        ``skipped`` (it was there, and `exist_ok: skip`) or ``failed``.
    recipe : Recipe or None
        What it was made of; None if it failed before that was known.
    digest : str or None
        The digest of the file's content.
    tags : tuple of str
        The results it shows.
    files : tuple of (Path, str)
        The files that it depends on, and their digests.
    seconds : float
        How long it took.
    problems : tuple of Problem
        Why it failed.
    """

    name: str
    path: Path
    format: str
    status: str
    recipe: Recipe | None = None
    digest: str | None = None
    tags: tuple[str, ...] = ()
    files: tuple[tuple[Path, str], ...] = ()
    seconds: float = 0.0
    problems: tuple[Problem, ...] = ()

    @property
    def cached(self) -> bool:
        """Whether nothing had to be drawn."""
        return self.status == "cached"

    def as_dict(self) -> dict[str, Any]:
        """The result as plain data, for JSON."""
        return {
            "name": self.name,
            "path": str(self.path),
            "format": self.format,
            "status": self.status,
            "digest": self.digest,
            "recipe": self.recipe.digest if self.recipe else None,
            "seconds": self.seconds,
            "problems": [problem.as_dict() for problem in self.problems],
        }
