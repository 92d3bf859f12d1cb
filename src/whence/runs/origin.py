"""Where a run comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run comes from, told by what starts it: a sweep, a task, a command line.

    Attributes
    ----------
    id : str, optional
        The run id, where it had to be known before the run.
    kind : str
        ``run``, ``sweep``, ``evaluation`` or ``task``.
    parent : str, optional
        The id of the run that started this one.
    dir : Path, optional
        The run's own folder.
    code : mapping, optional
        The ``code`` field (see `whence.runs.code_facts`), where it was gathered already.
    artifacts : tuple of mapping
        Facts of artifact lines for files that are in the store already.
    facts : mapping
        Further fields as they are written: ``point``, ``call``, ``target``, ``inputs``,
        ``command``, ``repeat``, ``recipe``, ``plot``.
    home : Path, optional
        The folder of the code, where what git tells of it in detail is to be on record too.
    """

    id: str | None = None
    kind: str = "run"
    parent: str | None = None
    dir: Path | None = None
    code: Mapping[str, Any] | None = None
    artifacts: tuple[Mapping[str, Any], ...] = ()
    facts: Mapping[str, Any] | None = None
    home: Path | None = None
