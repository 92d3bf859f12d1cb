"""What a store need not keep, or not in so many files: the decision, without doing anything."""

from __future__ import annotations

import calendar
import time
from collections import deque
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from whence.store import layout
from whence.store.census import Census, JournalFile
from whence.store.files import Files, read_all
from whence.store.line import Chain
from whence.store.listing import inner, journals, names, objects, packs
from whence.store.process import is_alive
from whence.store.trash import Entry, entries

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


def final(said: Census, now: float) -> frozenset[str]:
    """The things whose deletion is so old that it can be final."""
    return frozenset(
        thing
        for thing, (_, deleted, since) in said.deletions.items()
        if deleted and now - since > OLD and thing not in said.final
    )


def plan(files: Files, root: Path, said: Census, now: float, named: set[str]) -> Plan:
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
    named : set of str
        The digests that what stays on record names.
    """
    looked = _Look(files, root, said, now)
    back, gone = looked.trash(named)
    return Plan(
        tuple(sorted(final(said, now))),
        looked.unnamed(named),
        back,
        gone,
        looked.packs(named),
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
        """What is named again and nowhere else, and what has been in the trash for long enough."""
        packed: dict[str, set[str]] = {}
        for item in self._said.packed:
            packed.setdefault(item.place.pack, set()).add(item.digest)
        back, gone = [], []
        for entry in entries(self._files, self._root):
            digests = {entry.digest} if entry.digest else packed.get(str(entry.pack), set())
            path = layout.trash(self._root) / entry.day / entry.place
            if any(digest in named and not self.held(digest) for digest in digests):
                back.append(entry)
            elif self._now - entry.since() > REST:
                gone.append((entry, size_of(self._files, path)))
        return tuple(back), tuple(gone)

    def held(self, digest: str) -> bool:
        """Whether content is in its place."""
        return digest in self._places or (
            layout.is_digest(digest) and self._files.has(layout.object_path(self._root, digest))
        )

    @cached_property
    def _places(self) -> set[str]:
        folder = layout.packs(self._root)
        sizes = {n: size_of(self._files, folder / n) for n in packs(self._files, self._root)}
        return {
            item.digest
            for item in self._said.packed
            if sizes.get(item.place.pack, -1) >= item.place.offset + item.place.length
        }

    def unnamed(self, named: set[str]) -> tuple[tuple[str, int], ...]:
        """The objects that nobody has named for long; being met by a writer makes them young."""
        found = []
        for digest in objects(self._files, self._root):
            path = layout.object_path(self._root, digest)
            if digest not in named and self._age(path) > OLD:
                found.append((layout.object_place(digest), size_of(self._files, path)))
        return tuple(found)

    def packs(self, named: set[str]) -> tuple[str, ...]:
        """The packs of writers that have ended, if they are several or hold what nobody names."""
        rested = {file.writer for file in self._rested.values()}
        busy = {file.writer for file in self._said.files if file.name not in self._rested}
        waste = {
            item.place.pack
            for item in self._said.packed
            if item.digest not in named and self._now - item.since > OLD
        }
        several, wanting = [], []
        for name in packs(self._files, self._root):
            writer = layout.writer_of_path(name)
            path = layout.packs(self._root) / name
            age = self._age(path)
            if age <= REST or writer in busy:
                continue
            if name in waste or (writer not in rested and age > OLD):  # no journal speaks of it
                wanting.append(name)
            elif writer in rested and size_of(self._files, path) < _BIG:
                several.append(name)
        return tuple(sorted(wanting + (several if len(several) + len(wanting) > 1 else [])))

    def journals(self) -> tuple[JournalFile, ...]:
        """Journals that have rested; one alone of its kind is as few as it gets.

        It is rewritten all the same where it may hold points of what is deleted for good now.
        """
        small = [file for file in self._rested.values() if file.size < _BIG]
        found: list[JournalFile] = []
        for metrics in (False, True):
            same = [file for file in small if file.name.endswith(layout.METRICS) is metrics]
            if metrics:  # of these the census knows the last line only
                same = [file for file in same if self._is_whole(file)]
            known = [f for f in same if self._said.folded_size(f.name) >= f.size]
            if len(same) > 1 or known or (metrics and final(self._said, self._now)):
                found += same
        return tuple(found)

    def _is_whole(self, file: JournalFile) -> bool:
        """Whether all lines of a journal are good: what is damaged may be mended by a merge."""
        chain = Chain()
        try:
            deque(chain.lines(read_all(self._files, layout.journals(self._root) / file.name)), 0)
        except FileNotFoundError:  # another gc has folded it
            return False
        return not chain.bad

    def unfinished(self) -> tuple[str, ...]:
        """What killed writers and merges have left behind."""
        return tuple(place for place in self._odd_names() if self._age(self._root / place) > OLD)

    def _age(self, path: Path) -> float:
        """Seconds since a file was changed or touched; none if it has gone meanwhile."""
        try:
            return self._now - self._files.stat(path).st_mtime
        except FileNotFoundError:
            return 0.0

    def _odd_names(self) -> list[str]:
        found = [
            f"objects/{name}"
            for name in names(self._files, layout.objects(self._root))
            if name.startswith("new-")
        ]
        found += [f"aborts/{name}" for name in names(self._files, layout.aborts(self._root))]
        for kind, known in (("journals", journals), ("packs", packs)):
            wanted = set(known(self._files, self._root))
            there = inner(self._files, self._root / kind)
            found += [f"{kind}/{name}" for name in there if name not in wanted]
        there = inner(self._files, layout.objects(self._root))
        return found + [
            f"objects/{name}" for name in there if not layout.is_digest(name.replace("/", ""))
        ]


def size_of(files: Files, path: Path) -> int:
    """The bytes of a file; -1 if it has gone meanwhile."""
    try:
        return files.stat(path).st_size
    except FileNotFoundError:
        return -1


def past(day: str, now: float) -> bool:
    """Whether a day folder is so old that nobody begins a file in it any more."""
    try:
        begin = time.strptime(day, "%Y-%m-%d")
    except ValueError:
        return False
    return now - calendar.timegm(begin) > REST
