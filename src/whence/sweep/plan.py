"""What is to be done at each point: decided before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from whence.artifacts import place
from whence.params import Point
from whence.runs.callkey import Call, what_changed
from whence.store import Store
from whence.sweep.history import History, State, call_of
from whence.sweep.output import Output, can_restore, damage


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done at one point.

    Attributes
    ----------
    point : Point
        The point.
    key : str
        Its call key.
    folder : Path
        Where its output is to be.
    done : State, optional
        The completed run that stands for it; None if it must run.
    restore : tuple of Output
        Files of that run that are put back first.
    why : str
        Why it runs again, or what is put back; empty if there is nothing to say.
    earlier : State, optional
        The run that left the folder as it is.
    edited : tuple of str
        Output files that somebody has changed since, which are to be kept aside.
    """

    point: Point
    key: str
    folder: Path
    done: State | None = None
    restore: tuple[Output, ...] = ()
    why: str = ""
    earlier: State | None = None
    edited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """What a sweep does at its points.

    Attributes
    ----------
    target : str or tuple of str
        The function or command, as a call key names it.
    code, inputs : dict
        Digests by name.
    out : Path
        The folder of the sweep.
    again : bool
        Whether points run that are done.
    """

    target: str | tuple[str, ...]
    code: dict[str, str]
    inputs: dict[str, str]
    out: Path
    again: bool = False

    def call(self, point: Point) -> Call:
        """The call of one point."""
        return Call(point.params, self.target, self.code, self.inputs)

    def folder(self, point: Point) -> Path:
        """The folder of one point."""
        return self.out / f"sim_{point.state_str}"


def plan(store: Store, points: Sequence[Point], work: Work) -> list[Step]:
    """Decide for each point whether it must run.

    Parameters
    ----------
    store : Store
        What is on record.
    points : sequence of Point
        The points.
    work : Work
        What is done at each.
    """
    calls = [work.call(point) for point in points]
    keys = [call.key for call in calls]
    places = [place(work.folder(point), (store.project,)) for point in points]
    history = History(store, places, keys)
    return [
        _step(store, history, point, call, key, work)
        for point, call, key in zip(points, calls, keys, strict=True)
    ]


def _step(store: Store, history: History, point: Point, call: Call, key: str, work: Work) -> Step:
    folder = work.folder(point)
    where = place(folder, (store.project,))
    earlier = history.at(where)
    if work.again:
        return Step(point, key, folder, why="asked to run again", earlier=earlier)
    why = ""
    edited: tuple[str, ...] = ()
    for done in history.done(key, where):
        wrong = damage(store, done, folder)
        lost = [output for output in wrong if not can_restore(store, done, output, folder)]
        if not lost:
            told = _told(wrong) if wrong else ""
            return Step(point, key, folder, done, tuple(wrong), told, earlier, _edited(wrong))
        why = why or _told({output: wrong[output] for output in lost})
        edited = edited or _edited(wrong)
    why = why or _why(earlier, call)
    return Step(point, key, folder, why=why, earlier=earlier, edited=edited)


def _why(earlier: State | None, call: Call) -> str:
    if earlier is None:
        return ""
    changed = what_changed(call_of(earlier), call)
    if changed:
        return changed
    status = earlier.get("status")
    return "" if status == "completed" else f"it was left {_UNFINISHED.get(str(status), status)}"


_UNFINISHED = {"running": "unfinished", "created": "unfinished"}


def _told(wrong: dict[Output, str]) -> str:
    output, how = next(iter(wrong.items()))
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return f"output {output.place} {'is missing' if how == 'missing' else 'changed'}{more}"


def _edited(wrong: dict[Output, str]) -> tuple[str, ...]:
    return tuple(output.place for output, how in wrong.items() if how == "changed")
