"""What is to be done at each point: decided before anything runs."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from whence.artifacts import place
from whence.params import Point, flatten
from whence.runs.callkey import Call, what_changed
from whence.runs.code import texts_of, words_of_text
from whence.runs.input import named_inputs
from whence.store import Store
from whence.sweep.guard import Guard
from whence.sweep.history import History, State, call_of
from whence.sweep.output import Output, can_restore, damage
from whence.sweep.template import OWN, Template

_MADE = "\0"  # stands in a text for what a point makes itself

Memory = dict[str, tuple[str, str] | None]


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
    guard : Guard
        The files that the key covers.
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
    guard: Guard
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
    cwd : Path
        Where relative paths start.
    setting : mapping
        What else it runs in, as in `Call`.
    """

    target: str | tuple[str, ...]
    code: dict[str, str]
    inputs: dict[str, str]
    out: Path
    again: bool = False
    cwd: Path = field(default_factory=Path.cwd)
    setting: Mapping[str, str] = field(default_factory=dict)

    def guard(self, point: Point, store: Store, history: History, memory: Memory) -> Guard:
        """The files that the point's key covers, as they are now.

        Beside the declared inputs these are the files and folders that words of a command name,
        with the parameters filled in, or the parameters of a function.
        """
        values, project = tuple(self._values(point)), store.project
        where = place(self.folder(point), (project,))
        leave = {*self.code, *self.inputs}
        named = named_inputs(values, self.cwd, project, store.digest_of, leave, memory)
        wrote = {n: digest for n, digest in named.items() if history.made(n, digest, where)}
        inputs = {**self.inputs, **{n: d for n, d in named.items() if n not in wrote}}
        return Guard(project, self.cwd, values, self._files(project), inputs, wrote)

    def _files(self, project: Path) -> dict[str, str]:
        """The code that lies in the project: neither the functions, nor what has a bare name."""
        code = ((n, d) for n, d in self.code.items() if n[:1] != "<")
        return {name: digest for name, digest in code if (project / name).exists()}

    def call(self, point: Point, inputs: Mapping[str, str]) -> Call:
        """The call of one point."""
        return Call(point.params, self.target, self.code, inputs, self.setting)

    def _values(self, point: Point) -> Iterator[Any]:
        known = flatten(point.params)
        if isinstance(self.target, str):
            yield from (value for value in known.values() if not isinstance(value, int | float))
            return
        fixed, open_, texts = _words(self.target)
        yield from fixed
        for template in open_:
            yield from template.fill(known)
        for template in texts:
            (text,) = template.fill({**known, **dict.fromkeys(OWN, _MADE)})
            yield from (word for word in words_of_text(text) if _MADE not in word)

    def folder(self, point: Point) -> Path:
        """The folder of one point."""
        return self.out / f"sim_{point.state_str}"


@functools.lru_cache(maxsize=8)
def _words(words: tuple[str, ...]) -> tuple[list[str], list[Template], list[Template]]:
    """The words of a command that may name inputs: as they are, with placeholders, and texts."""
    templates = [Template((word,)) for word in words]
    fixed = [template for template in templates[1:] if not template.names]  # the first is code
    open_ = [each for each in templates if each.names and not set(each.names) & set(OWN)]
    texts = [Template((text,)) for text in texts_of(words)]
    return [word for each in fixed for word in each.fill({})], open_, texts


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
    places = [place(work.folder(point), (store.project,)) for point in points]
    history = History(store, places)
    memory: Memory = {}
    work = replace(work, code={n: d for n, d in work.code.items() if not history.made(n, d)})
    guards = [work.guard(point, store, history, memory) for point in points]
    calls = [work.call(point, guard.inputs) for point, guard in zip(points, guards, strict=True)]
    todo = [
        Step(point, call.key, work.folder(point), guard)
        for point, call, guard in zip(points, calls, guards, strict=True)
    ]
    history.look_for(step.key for step in todo)
    return [
        _decided(store, history, step, call, work.again)
        for step, call in zip(todo, calls, strict=True)
    ]


def _decided(store: Store, history: History, step: Step, call: Call, again: bool) -> Step:
    key, folder = step.key, step.folder
    where = place(folder, (store.project,))
    earlier = history.at(where)
    if again:
        return replace(step, why="asked to run again", earlier=earlier)
    why = ""
    edited: tuple[str, ...] = ()
    for done in history.done(key, where):
        if changed := history.changed(done):
            why = why or _read(changed)
            continue
        wrong = damage(store, done, folder)
        lost = [output for output in wrong if not can_restore(store, done, output, folder)]
        if not lost:
            told = _told(wrong) if wrong else ""
            return replace(
                step,
                done=done,
                restore=tuple(wrong),
                why=told,
                earlier=earlier,
                edited=_edited(wrong),
            )
        why = why or _told({output: wrong[output] for output in lost})
        edited = edited or _edited(wrong)
    why = why or _why(earlier, call)
    return replace(step, why=why, earlier=earlier, edited=edited)


def _why(earlier: State | None, call: Call) -> str:
    if earlier is None:
        return ""
    changed = what_changed(call_of(earlier), call)
    if changed:
        return changed
    if earlier.get("invalid"):
        return "it was invalidated"
    status = earlier.get("status")
    return "" if status == "completed" else f"it was left {_UNFINISHED.get(str(status), status)}"


_UNFINISHED = {"running": "unfinished", "created": "unfinished"}


def _told(wrong: dict[Output, str]) -> str:
    output, how = next(iter(wrong.items()))
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return f"output {output.place} {'is missing' if how == 'missing' else 'changed'}{more}"


def _read(changed: tuple[str, ...]) -> str:
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    return f"{changed[0]}{more} changed since it was read"


def _edited(wrong: dict[Output, str]) -> tuple[str, ...]:
    return tuple(output.place for output, how in wrong.items() if how == "changed")
