"""Who is at work in the folder of a sweep: one process on the whole, or one on each point.

A hold is a hidden file beside the points that only one process can make. Its owner removes it. Of
one whose owner died the next process makes the file of the next number. Then it looks at all holds
there are, and gives way if another's owner lives: so numbers that have become free do no harm, and
who has its hold can remove those that are certainly dead.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from whence.artifacts import place
from whence.base.clock import new_id
from whence.base.error import UserError
from whence.params import Point
from whence.store import is_alive, this_process
from whence.store.files import failed
from whence.sweep.history import heard, runs_at
from whence.sweep.mutex import make_alone
from whence.sweep.scheme import Scheme

_WHOLE = "sweep"
_MARK = ".held-"
_GONE = 7 * 86400.0  # seconds after which a process that may live is certainly dead


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
        told = {"sweep": scheme.name, "process": this_process(), "id": new_id()}
        mine = _take(scheme, part, told)
    except OSError as error:
        raise failed(error, "work in", out) from error
    try:
        _refuse_others(scheme, part, mine)
        yield
    finally:
        if _told(mine) == told:  # else another found it dead
            mine.unlink(missing_ok=True)
        if made:
            with contextlib.suppress(OSError):  # something has been done there
                out.rmdir()


def _take(scheme: Scheme, part: str, told: dict[str, Any]) -> Path:
    number = 1
    while True:
        path = scheme.out / f".{part}{_MARK}{number}"
        if make_alone(path, orjson.dumps(told)):
            return path
        _refuse(scheme, part, path)
        number += path.exists()


def _refuse_others(scheme: Scheme, part: str, mine: Path) -> None:
    """Refuse what is not to be done at the same time, or in the same place."""
    dead = []
    for path in sorted(scheme.out.glob(f".*{_MARK}*")):
        other = path.name[1:].partition(_MARK)[0]
        # With another number of the same part it may have been taken when this was not there.
        if path != mine and (other == part or _WHOLE in (other, part)):
            dead += [path] * _refuse(scheme, other, path)
    for state in runs_at(scheme.store, [place(scheme.out, (scheme.store.project,))]):
        theirs = str(state.get("folder"))
        if state.get("kind") == "sweep" and theirs != scheme.folder and _is_used(scheme.out):
            raise UserError.of(
                "folder-taken",
                f"{scheme.out} holds the output of the sweep {theirs[1:]!r}",
                mend=f"Give another --out, or go on with it as --name {theirs[1:]}.",
            )
    for path in dead:
        path.unlink(missing_ok=True)


def _is_used(out: Path) -> bool:
    return any(name[:1] != "." for name in os.listdir(out))


def _refuse(scheme: Scheme, part: str, path: Path) -> bool:
    """Refuse to work on what a living process holds; True if one is certainly dead."""
    try:
        made = path.stat().st_mtime
    except FileNotFoundError:  # given up meanwhile
        return False
    told = _told(path)
    process, whole = told.get("process"), part == _WHOLE
    where = scheme.out if whole else scheme.out / part
    store = scheme.store
    there = runs_at(store, [place(where, (store.project,))])
    last = max([made, *(heard(store, state) or 0.0 for state in there)])
    now = time.time()
    if is_alive(process, last, now) is False:
        return is_alive(process, None, now) is False or now - last > _GONE
    name = told.get("sweep", scheme.name)
    what = f"the sweep {name!r}" if whole else f"{_point_at(scheme, part)} of {name!r}"
    who = f"process {process.get('pid')} on {process.get('host')}" if process else "one unknown"
    run = max((state["id"] for state in there), default="RUN")
    raise UserError.of(
        "sweep-running",
        f"{what} is running in {where} already, as {who}",
        mend=f"Wait for it, or end it with `whence abort {run}`"
        + (", or give another --out" if whole else "")
        + ("." if process else f"; if nothing is at work there, remove {path}."),
    )


def _point_at(scheme: Scheme, part: str) -> str:
    """The point whose folder has that name, as people are told of it."""
    for index, point in enumerate(scheme.space.points()):
        if scheme.work.folder(point).name == part:
            return f"point {index} (state {point.state_str})"
    return f"the point in {part}"  # of a space that was another


def _told(path: Path) -> dict[str, Any]:
    """What a hold says; nothing if it is gone, may not be read, or was not written to its end."""
    try:
        told = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return told if isinstance(told, dict) and isinstance(told.get("process"), dict) else {}
