"""What a sweep tells: of each point while it runs, and of all when it is through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """What became of one point, as a sweep tells while it runs.

    Attributes
    ----------
    state : str
        The point's state number as text.
    status : str
        ``skipped``, ``started``, ``completed``, ``failed`` or ``terminated``.
    run : str
        The run id.
    ended, total : int
        How many points are through, of how many.
    message : str
        Why it runs again, or what went wrong.
    index : int
        The point's place among all, counted from 0.
    """

    state: str
    status: str
    run: str
    ended: int
    total: int
    message: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep did.

    Attributes
    ----------
    id : str
        The run id of the sweep itself.
    out : Path
        The folder of its output.
    runs : dict of str to str
        The run that stands for each point, by state.
    done, skipped : tuple of str
        The states of points that were run now, and that had been done before.
    failed : dict of str to str
        What went wrong, by state.
    why : dict of str to str
        Why a point was run again, or what was restored, by state.
    aborted : tuple of str
        The states of failed points that ended because somebody asked for it.
    left : int
        How many points were not begun, as the sweep was aborted.
    index : dict of str to int
        The place of each point among all, counted from 0 as ``--point`` takes it, by state.
    """

    id: str
    out: Path
    runs: dict[str, str] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    aborted: tuple[str, ...] = ()
    left: int = 0
    index: dict[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        counts = {
            "run": len(self.done) + len(self.failed),
            "failed": len(self.failed),
            "done before": len(self.skipped),
            "not begun": self.left,
        }
        told = ", ".join(f"{n} {what}" for what, n in counts.items() if n or what == "run")
        return f"<SweepResult {self.id}: {told}; output in {self.out}>"


Progress = Callable[[SweepProgress], None]
"""Called from the thread that runs the sweep."""
