"""Who is at work in the folder of a sweep: one process on the whole, or one on each point.

A hold is a hidden file beside the points that only one process can make, by a link. Its owner
removes it. One whose owner died stays, and the next process makes the file of the next number:
were the dead one removed, who found it dead long ago could remove a living one in its place.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from whence.artifacts import place
from whence.base.clock import new_id
from whence.base.error import UserError
from whence.params import Point
from whence.store import is_alive, this_process
from whence.store.files import failed
from whence.sweep.history import heard, runs_at
from whence.sweep.scheme import Scheme

_WHOLE = "sweep"
_MARK = ".held-"


@contextlib.contextmanager
def held(scheme: Scheme, point: Point | None = None) -> Iterator[None]:
    """Have the folder of a sweep, or of one point of it, to this process alone.

    Raises
    ------
    UserError
        If another process is at work there, or the folder is another sweep's.
    StoreError
        If the folder cannot be made or written to.
    """
    out, made = scheme.out, not scheme.out.exists()
    part = _WHOLE if point is None else scheme.work.folder(point).name
    try:
        out.mkdir(parents=True, exist_ok=True)
        mine = _take(scheme, part)
    except OSError as error:
        raise failed(error, "work in", out) from error
    try:
        _refuse_others(scheme, part)
        yield
    finally:
        mine.unlink(missing_ok=True)
        if made:
            with contextlib.suppress(OSError):  # something has been done there
                out.rmdir()


def _take(scheme: Scheme, part: str) -> Path:
    draft = scheme.out / f".{part}-{new_id()}"
    number = 1
    try:
        draft.write_bytes(orjson.dumps({"sweep": scheme.name, "process": this_process()}))
        while True:
            path = scheme.out / f".{part}{_MARK}{number}"
            try:
                os.link(draft, path)
                return path
            except FileExistsError:
                _refuse(scheme, part, path)
                number += path.exists()
    finally:
        draft.unlink(missing_ok=True)


def _refuse_others(scheme: Scheme, part: str) -> None:
    """Refuse what is not to be done at the same time, or in the same place."""
    for path in sorted(scheme.out.glob(f".*{_MARK}*")):
        other = path.name[1:].partition(_MARK)[0]
        if other != part and _WHOLE in (other, part):
            _refuse(scheme, other, path)
    for state in runs_at(scheme.store, [place(scheme.out, (scheme.store.project,))]):
        theirs = str(state.get("folder"))
        if state.get("kind") == "sweep" and theirs != scheme.folder and _is_used(scheme.out):
            raise UserError.of(
                "folder-taken",
                f"{scheme.out} holds the output of the sweep {theirs[1:]!r}",
                mend=f"Give another --out, or go on with it as --name {theirs[1:]}.",
            )


def _is_used(out: Path) -> bool:
    return any(name[:1] != "." for name in os.listdir(out))


def _refuse(scheme: Scheme, part: str, path: Path) -> None:
    """Refuse to work on what a living process holds."""
    try:
        told, made = orjson.loads(path.read_bytes()), path.stat().st_mtime
    except FileNotFoundError:  # given up meanwhile
        return
    process, whole = told["process"], part == _WHOLE
    where = scheme.out if whole else scheme.out / part
    store = scheme.store
    there = runs_at(store, [place(where, (store.project,))])
    last = max([made, *(heard(store, state) or 0.0 for state in there)])
    if is_alive(process, last, time.time()) is False:
        return
    name = told["sweep"]
    what = f"the sweep {name!r}" if whole else f"{_point_at(scheme, part)} of {name!r}"
    run = max((state["id"] for state in there), default="RUN")
    raise UserError.of(
        "sweep-running",
        f"{what} is running in {where} already, as process {process.get('pid')} "
        f"on {process.get('host')}",
        mend=f"Wait for it, or end it with `whence abort {run}`"
        + (", or give another --out." if whole else "."),
    )


def _point_at(scheme: Scheme, part: str) -> str:
    """The point whose folder has that name, as people are told of it."""
    for index, point in enumerate(scheme.space.points()):
        if scheme.work.folder(point).name == part:
            return f"point {index} (state {point.state_str})"
    return f"the point in {part}"  # of a space that was another
