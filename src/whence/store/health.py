"""What is wrong with a store, its file system and this machine, and how to mend it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat as modes
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from whence.store import layout
from whence.store.cache import cache_folder, file_system, is_local
from whence.store.files import Files
from whence.store.store import Store

_SLOW = 0.05  # seconds an `fsync` may take before it is worth a word
_SKEW = 2.0  # seconds that the clock of a file server may be off
_ROOM = 1 << 30  # bytes that should be free
_NODES = 10_000  # files that should still fit
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        What it is.
    state : {"good", "note", "bad"}
        ``note``: it works, but something could be better.
    told : str
        What was found.
    mend : str, optional
        How to mend it.
    """

    name: str
    state: Literal["good", "note", "bad"]
    told: str
    mend: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """How many files of a kind the store has, and their bytes."""

    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Health:
    """What was found.

    Attributes
    ----------
    findings : tuple of Finding
        All that was looked at.
    usage : dict of str to Usage
        What the store holds, by kind: journals, metrics, packs, objects, trash, claims, other.
    index : dict
        ``path``, ``why`` it lies there, ``local`` and ``size``.
    """

    findings: tuple[Finding, ...]
    usage: dict[str, Usage]
    index: dict[str, Any]

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return all(finding.state != "bad" for finding in self.findings)


def examine(store: Store) -> Health:
    """Look at the store, its file system, the cache and the programs that whence uses.

    A small file is written into the store folder and removed again.
    """
    cache = cache_folder(store.root)
    size = sum(filter(None, map(_size, cache.path.glob("*.sqlite*"))))
    index = {"path": str(cache.path), "why": cache.why, "local": cache.local, "size": size}
    findings = (
        *_programs(),
        *_place("store", store.root),
        *_place("cache", cache.path),
        *_access(store),
        *_disk(store.files, store.root),
    )
    return Health(findings, usage(store.root), index)


def usage(root: Path) -> dict[str, Usage]:
    """What a store holds, by kind."""
    counts: dict[str, list[int]] = {
        kind: [0, 0]
        for kind in ("journals", "metrics", "packs", "objects", "trash", "claims", "other")
    }
    for folder, _, names in os.walk(root):
        kind = Path(folder).relative_to(root).parts[:1]
        for name in names:
            known = kind[0] if kind and kind[0] in counts else "other"
            if known == "journals" and name.endswith(layout.METRICS):
                known = "metrics"
            size = _size(os.path.join(folder, name))
            if size is not None:
                counts[known][0] += 1
                counts[known][1] += size
    return {kind: Usage(*count) for kind, count in counts.items()}


def _size(path: str | os.PathLike[str]) -> int | None:
    """The bytes of a file; None if it was given another name, or removed, meanwhile."""
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:
        return None


def _programs() -> Iterator[Finding]:
    for name, use in (("git", "the commit of runs is recorded"), ("rsync", "stores can be copied")):
        path = shutil.which(name)
        if path:
            yield Finding(name, "good", path)
        else:
            yield Finding(
                name, "note", f"not found; with it {use}", f"Install {name}, or load its module."
            )
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < (3, 31):
        mend = "Use a Python that comes with SQLite 3.31 or later."
        yield Finding("sqlite", "bad", f"{version} is too old", mend)
    elif not _has_words():
        mend = "Use a Python whose SQLite was built with FTS5."
        yield Finding("sqlite", "note", f"{version} without full-text search", mend)
    else:
        yield Finding("sqlite", "good", version)


def _has_words() -> bool:
    db = sqlite3.connect(":memory:")
    try:
        db.execute("CREATE VIRTUAL TABLE word USING fts5 (text)")
    except sqlite3.OperationalError:
        return False
    finally:
        db.close()
    return True


def _place(name: str, path: Path) -> Iterator[Finding]:
    """Where something lies, and what room there is."""
    mount, kind = file_system(path)
    local = is_local(path)
    told = f"{path} on {kind or 'an unknown file system'} ({'local' if local else 'network'})"
    if name == "cache" and not local:
        mend = "Set WHENCE_CACHE to a folder on a disk of this machine."
        yield Finding(name, "note", f"{told}: finding runs is slower", mend)
    else:
        yield Finding(name, "good", told)
    room = os.statvfs(path)
    free, nodes = room.f_bavail * room.f_frsize, room.f_favail
    told = f"{free / 1e9:.1f} GB free" + (f", {nodes} files" if room.f_files else "")
    short = free < _ROOM or (room.f_files and nodes < _NODES)
    mend = f"Free some room on {mount or path}; `whence gc` shows what the store need not keep."
    yield Finding(f"room for the {name}", *(("note", told, mend) if short else ("good", told)))


def _access(store: Store) -> Iterator[Finding]:
    """Whether this user, and a group if it is shared, can write."""
    status = os.stat(store.root)
    if not os.access(store.root, os.W_OK | os.X_OK):
        mend = "Ask its owner for access, or for a store made with `whence init --shared`."
        if os.statvfs(store.root).f_flag & os.ST_RDONLY:
            mend = "Its file system is mounted for reading: record into another store."
        yield Finding("access", "bad", "you may not write to the store", mend)
        return
    if not store.shared:
        yield Finding("access", "good", "yours to write; not shared")
        return
    wanted = modes.S_IRWXG | modes.S_ISGID
    closed = [
        folder for folder, _, _ in os.walk(store.root) if os.stat(folder).st_mode & wanted != wanted
    ]
    if closed:
        mend = f"Their owners can run `chmod g+rwxs {closed[0]}`" + (" …" if closed[1:] else "")
        many = "1 folder is" if len(closed) == 1 else f"{len(closed)} folders are"
        yield Finding("access", "bad", f"{many} closed to the group", mend)
    else:
        yield Finding("access", "good", f"shared with the group {_group(status.st_gid)}")


def _group(gid: int) -> str:
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _disk(files: Files, root: Path) -> Iterator[Finding]:
    """Whether what is written reaches the disk, how fast, and what time the disk has."""
    path = root / f"doctor.{os.urandom(4).hex()}"
    try:
        fd = files.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except OSError as error:
        yield Finding("writing", "bad", f"a file cannot be made: {error.strerror}")
        return
    try:
        yield _syncing(files, fd)
        before = time.time()
        files.write(fd, b"x")
        files.sync(fd)
        skew = files.stat(fd).st_mtime - (before + time.time()) / 2
    except OSError as error:
        yield Finding("writing", "bad", f"a file cannot be written: {error.strerror}")
        return
    finally:
        files.close(fd)
        files.remove(path)
    if abs(skew) > _SKEW:
        mend = "Have the clocks of this machine and the file server set by NTP."
        told = f"the file system's is {abs(skew):.1f} s {'ahead' if skew > 0 else 'behind'}"
        yield Finding("clock", "note", told, mend)
    else:
        yield Finding("clock", "good", f"agrees with the file system's within {_SKEW:.0f} s")


def _syncing(files: Files, fd: int) -> Finding:
    times = []
    for _ in range(_TRIES):
        files.write(fd, b"x" * 256)
        begin = time.perf_counter()
        try:
            files.sync(fd)
        except OSError as error:
            mend = (
                "What is recorded survives a killed process, but perhaps not a crash of the host."
            )
            return Finding("fsync", "bad", f"fails: {error.strerror}", mend)
        times.append(time.perf_counter() - begin)
    taken = statistics.median(times)
    told = f"{taken * 1000:.2f} ms"
    if taken > _SLOW:
        return Finding("fsync", "note", f"{told}: slow, so closing many runs takes long")
    return Finding("fsync", "good", told)
