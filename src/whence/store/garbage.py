"""What a store need not keep, or not in so many files: the decision, without doing anything."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from whence.base.clock import utc_day
from whence.store import layout
from whence.store.census import Census, JournalFile
from whence.store.files import Files
from whence.store.process import is_alive
from whence.store.trash import Entry, entries, names

OLD = 14 * 86400.0
"""Seconds that content nobody names, and a deletion that nobody took back, are left alone."""
REST = 7 * 86400.0
"""Seconds that a writer has ended, and that content is in the trash, before it is touched."""

_BIG = layout.LIMIT // 4  # journals of this size are few enough


@dataclass(frozen=True, slots=True)
class Plan:
    """What gc would do.

    Attributes
    ----------
    final : tuple of str
        Things whose deletion becomes final.
    aside : tuple of (str, int)
        Objects to set aside, by their place in the store, with their sizes.
    back : tuple of Entry
        What is named again, to be taken out of the trash.
    gone : tuple of (Entry, int)
        What is deleted for good, with its size.
    packs : tuple of str
        Packs to fold, by their paths under ``packs/``.
    journals : tuple of JournalFile
        Journals to fold.
    unfinished : tuple of str
        Files that were never finished.
    """

    final: tuple[str, ...]
    aside: tuple[tuple[str, int], ...]
    back: tuple[Entry, ...]
    gone: tuple[tuple[Entry, int], ...]
    packs: tuple[str, ...]
    journals: tuple[JournalFile, ...]
    unfinished: tuple[str, ...]

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not any(getattr(self, name) for name in self.__slots__)

    @property
    def freed(self) -> int:
        """Bytes that are deleted for good."""
        return sum(size for _, size in self.gone)


def plan(
    files: Files, root: Path, said: Census, now: float, read: Callable[[str], bytes | None]
) -> Plan:
    """What there is to do. Raises OSError.

    Parameters
    ----------
    files : Files
        The way to the file system.
    root : Path
        The store folder.
    said : Census
        What the journals say.
    now : float
        The time.
    read : callable
        Gives content by its digest, or None: for what names other content.
    """
    final = frozenset(
        thing
        for thing, (_, deleted, since) in said.deletions.items()
        if deleted and now - since > OLD and thing not in said.final
    )
    named = said.named_with(final, read)
    looked = _Look(files, root, said, now)
    back, gone = looked.trash(named)
    return Plan(
        tuple(sorted(final)),
        looked.unnamed(named),
        back,
        gone,
        looked.packs(),
        looked.journals(),
        looked.unfinished(),
    )


class _Look:
    def __init__(self, files: Files, root: Path, said: Census, now: float) -> None:
        self._files, self._root, self._said, self._now = files, root, said, now
        processes = {file.writer: file.process for file in said.files if file.process}
        self._rested = {
            file.name: file
            for file in said.files
            if now - max(file.last, file.mtime) > REST
            and not file.bad
            and (file.ended or is_alive(processes.get(file.writer), file.last, now) is False)
        }

    def trash(self, named: set[str]) -> tuple[tuple[Entry, ...], tuple[tuple[Entry, int], ...]]:
        packed: dict[str, set[str]] = {}
        for item in self._said.packed:
            packed.setdefault(item.place.pack, set()).add(item.digest)
        back, gone = [], []
        for entry in entries(self._files, self._root):
            digests = {entry.digest} if entry.digest else packed.get(str(entry.pack), set())
            path = layout.trash(self._root) / entry.day / entry.place
            if not digests.isdisjoint(named):
                back.append(entry)
            elif self._now - entry.since() > REST:
                gone.append((entry, self._files.stat(path).st_size))
        return tuple(back), tuple(gone)

    def unnamed(self, named: set[str]) -> tuple[tuple[str, int], ...]:
        """The objects that nobody has named for long; being met by a writer makes them young."""
        found = []
        folder = layout.objects(self._root)
        for inner in names(self._files, folder):
            if len(inner) != 2:
                continue
            for name in names(self._files, folder / inner):
                if inner + name in named:
                    continue
                status = self._files.stat(folder / inner / name)
                if self._now - status.st_mtime > OLD:
                    found.append((f"objects/{inner}/{name}", status.st_size))
        return tuple(found)

    def packs(self) -> tuple[str, ...]:
        """The packs of writers that have ended, if they are several or hold what nobody names."""
        rested = {file.writer for file in self._rested.values()}
        busy = {file.writer for file in self._said.files if file.name not in self._rested}
        found = []
        folder = layout.packs(self._root)
        for day in names(self._files, folder):
            for name in names(self._files, folder / day):
                writer = layout.writer_of(name)
                status = self._files.stat(folder / day / name)
                unknown = writer not in rested | busy and self._now - status.st_mtime > OLD
                if (
                    name.endswith(layout.PACK)
                    and status.st_size < _BIG
                    and self._now - status.st_mtime > REST
                    and (unknown or writer in rested - busy)
                ):
                    found.append(f"{day}/{name}")
        return tuple(found)

    def journals(self) -> tuple[JournalFile, ...]:
        """Journals that have rested; one alone of its kind is as few as it gets."""
        small = [file for file in self._rested.values() if file.size < _BIG]
        found: list[JournalFile] = []
        for metrics in (False, True):
            same = [file for file in small if file.name.endswith(layout.METRICS) is metrics]
            known = [f for f in same if self._said.folded_size(f.name) >= f.size]
            if len(same) > 1 or known:
                found += same
        return tuple(found)

    def unfinished(self) -> tuple[str, ...]:
        """What killed writers and merges have left behind."""
        found = []
        for place in self._odd_names():
            if self._now - self._files.stat(self._root / place).st_mtime > OLD:
                found.append(place)
        return tuple(found)

    def _odd_names(self) -> list[str]:
        found = [
            f"objects/{name}"
            for name in names(self._files, layout.objects(self._root))
            if name.startswith("new-")
        ]
        for kind, ending in (("journals", layout.MAIN), ("packs", layout.PACK), ("objects", "")):
            for inner in names(self._files, self._root / kind):
                for name in names(self._files, self._root / kind / inner):
                    if not name.endswith(ending) or (kind == "objects" and len(name) != 62):
                        found.append(f"{kind}/{inner}/{name}")
        return found


def today(now: float) -> str:
    """The day that what is set aside now is filed under."""
    return utc_day(now)


def past(day: str, now: float) -> bool:
    """Whether a day folder is so old that nobody begins a file in it any more."""
    try:
        begin = time.strptime(day, "%Y-%m-%d")
    except ValueError:
        return False
    return now - time.mktime(begin) > REST
