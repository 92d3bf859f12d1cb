"""Garbage collection: what was decided is carried out, and nothing is removed before it is safe."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whence.base.clock import Clock, utc_day
from whence.base.digest import digest_bytes
from whence.base.error import StoreError
from whence.base.problem import Problem, Where
from whence.store import garbage, layout
from whence.store.census import Census, JournalFile, Packed, census
from whence.store.content import Slice
from whence.store.files import Files, failed, read_all
from whence.store.fold import key_of
from whence.store.garbage import OLD, Plan
from whence.store.line import SEAL_LENGTH, Chain, parse
from whence.store.listing import names, packs
from whence.store.load import read_span
from whence.store.order import LogicalClock
from whence.store.store import Store
from whence.store.trash import Entry
from whence.store.writer import Writer

Watch = Callable[[int, int, str], object]

_LASTING = frozenset(["tombstone", "version"])
"""What stays of a thing that is deleted for good: which of two versions of a number is first."""


@dataclass(frozen=True, slots=True)
class Site:
    """A store folder with the way to its files and the time."""

    files: Files
    root: Path
    clock: Clock


@dataclass(frozen=True, slots=True)
class Collected:
    """What gc did or would do, and what it left as it is because it is damaged."""

    plan: Plan
    problems: tuple[Problem, ...]


class Disposal:
    """Carries out a plan of gc, as a writer of its own.

    What moves to other files is there, on the disk and closed, before anything is removed. Killed
    at any moment, gc leaves copies behind that add nothing and that the next one removes.

    Parameters
    ----------
    site : Site
        The store.
    said : Census
        What the journals say.
    plan : Plan
        What to do.
    named : set of str
        The digests that what stays on record names.

    Attributes
    ----------
    problems : list of Problem
        What was left as it is, because it is damaged.
    """

    def __init__(self, site: Site, said: Census, plan: Plan, named: set[str]) -> None:
        self._files, self._root, self._now = site.files, site.root, site.clock()
        self._said, self._plan, self._named = said, plan, named
        order = LogicalClock()
        order.saw(said.lc, self._now)
        self._writer = Writer(site.files, site.root, site.clock, order)
        self._lost = said.final | set(plan.final)
        self._packs = set(packs(site.files, site.root))
        self._staying = self._packs.difference(plan.packs)
        self._moved: set[tuple[str, str]] = set()
        self._by_pack: dict[str, list[Packed]] = {}
        self._by_digest: dict[str, list[Packed]] = {}
        for item in said.packed:
            self._by_pack.setdefault(item.place.pack, []).append(item)
            self._by_digest.setdefault(item.digest, []).append(item)
        self._seen: dict[tuple[bool, str], set[int]] = {}
        self.problems: list[Problem] = []

    def run(self, watch: Watch) -> None:
        """Do it all.

        Raises
        ------
        StoreError, OSError
            If something could not be written or read; then nothing was removed.
        """
        plan = self._plan
        total = len(plan.packs) + len(plan.journals) + 1
        try:
            for thing in plan.final:
                self._writer.append("tombstone", thing, {})
            for entry in plan.back:
                self._put_back(entry)
            packs = []
            for number, pack in enumerate(plan.packs):
                watch(number, total, pack)
                if self._rewrite(pack):
                    packs.append(pack)
            for number, file in enumerate(plan.journals, len(plan.packs)):
                watch(number, total, file.name)
                self._fold(file)
        finally:
            self._writer.close()
        watch(total - 1, total, "removing")
        self._remove(packs)
        watch(total, total, "")

    def _put_back(self, entry: Entry) -> None:
        path = layout.trash(self._root) / entry.day / entry.place
        if entry.digest is not None:
            target = self._root / entry.place
            self._files.make(target.parent)
            self._move(path, target)
            return
        for item in self._packed(str(entry.pack)):
            if item.digest in self._named:
                self._keep(path, item, None)

    def _rewrite(self, pack: str) -> bool:
        """Bring what is worth it into a pack of our own; False if the pack must stay."""
        path = layout.packs(self._root) / pack
        whole = True
        for item in self._packed(pack):
            young = self._now - item.since <= OLD
            if item.digest not in self._named and not young:
                continue
            if not self._elsewhere(item) and not self._keep(path, item, item.since):
                whole = False
                continue
            self._moved.add((pack, item.digest))
        return whole

    def _keep(self, path: Path, item: Packed, since: float | None) -> bool:
        data = self._read(path, item.place)
        if data is None:  # another gc has it in a pack of its own
            return True
        if digest_bytes(data) != item.digest:
            self.problems.append(
                Problem(
                    "damaged-content",
                    f"the content {item.digest[:12]}… was altered, or has not arrived whole; "
                    "its pack stays",
                    Where(str(path.relative_to(self._root))),
                )
            )
            return False
        self._writer.put(data, since=since)
        return True

    def _elsewhere(self, item: Packed) -> bool:
        """Whether that content is also in a pack that stays, or is an object, and whole there."""
        if self._writer.slice_of(item.digest) is not None:
            return True
        folder = layout.packs(self._root)
        places = [
            (folder / other.place.pack, other.place)
            for other in self._by_digest.get(item.digest, ())
            if other.place.pack in self._staying
        ]
        path = layout.object_path(self._root, item.digest)
        places.append((path, Slice("", 0, item.place.length)))
        copies = (self._read(*place) for place in places)
        return any(digest_bytes(data) == item.digest for data in copies if data is not None)

    def _read(self, path: Path, place: Slice) -> bytes | None:
        try:
            fd = self._files.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            return read_span(self._files, fd, place.offset, place.offset + place.length)
        finally:
            self._files.close(fd)

    def _fold(self, file: JournalFile) -> None:
        """Copy the lines of a journal into ours, unless that was done before.

        It may have been done in another store, which has the content in packs of its own, and need
        not have sent them here: what tells of packs that are here is copied all the same.
        """
        before = self._said.folded_size(file.name) >= file.size
        points = file.name.endswith(layout.METRICS)
        if before and points:
            return
        try:
            data = read_all(self._files, layout.journals(self._root) / file.name)[: file.size]
        except FileNotFoundError:  # another gc has folded it
            return
        into: set[str] = set()
        for _, row in Chain().lines(data):
            line = parse(row)
            if line is None or (before and not self._tells_of_pack(line)):
                continue
            if self._worth(line, file.writer, points):
                body = row[:-SEAL_LENGTH]
                if "by" not in line:
                    body += b',"by":"%b"' % file.writer.encode()
                path = self._writer.carry(body, points=points)
                into.add(f"{path.parent.name}/{path.name}")
        if not before:
            facts = {"file": file.name, "size": file.size, "last": file.last, "into": sorted(into)}
            self._writer.append("folded", "", facts)

    def _tells_of_pack(self, line: dict[str, Any]) -> bool:
        """Whether a line says where something is in a pack that is here."""
        return line.get("op") == "pack" and line.get("pack") in self._packs

    def _worth(self, line: dict[str, Any], writer: str, points: bool) -> bool:
        op = line.get("op")
        thing = str(line.get("run" if points else "of"))
        if op in ("beat", "end") or (points and op is not None):
            return False
        if thing in self._lost and op not in _LASTING:
            return False
        if op == "pack":
            pack, digest = str(line.get("pack")), str(line.get("digest"))
            if (pack, digest) in self._moved:
                return False
        try:
            by = str(line.get("by", writer))
            n = int(line["n"]) if points else key_of(line, writer)[2]
        except (KeyError, TypeError, ValueError):
            return False
        seen = self._seen.setdefault((points, by), set())
        if n in seen:
            return False
        seen.add(n)
        return True

    def _remove(self, packs: list[str]) -> None:
        day = utc_day(self._now)
        for pack in packs:
            self._set_aside(day, f"packs/{pack}")
        for place, _ in self._plan.aside:
            self._set_aside(day, place)
            self._bring_back_if_touched(day, place)
        for entry, _ in self._plan.gone:
            self._discard(layout.trash(self._root) / entry.day / entry.place)
        for file in self._plan.journals:
            path = layout.journals(self._root) / file.name
            # A writer that was thought dead, or a copy being made, may have gone on with it.
            if garbage.size_of(self._files, path) == file.size + file.rest:
                self._discard(path)
        for place in self._plan.unfinished:
            self._discard(self._root / place)
        self._sweep_folders()

    def _set_aside(self, day: str, place: str) -> None:
        target = layout.trash(self._root) / day / place
        self._files.make(target.parent)
        self._move(self._root / place, target)

    def _bring_back_if_touched(self, day: str, place: str) -> None:
        """A writer may have met it just before it went."""
        path = layout.trash(self._root) / day / place
        try:
            young = self._now - self._files.stat(path).st_mtime <= OLD
        except FileNotFoundError:
            return
        if young:
            self._move(path, self._root / place)

    def _move(self, before: Path, after: Path) -> None:
        try:
            self._files.rename(before, after)
        except FileNotFoundError:  # another gc was quicker
            return

    def _discard(self, path: Path) -> None:
        try:
            self._files.remove(path)
        except FileNotFoundError:
            return

    def _sweep_folders(self) -> None:
        """Remove the day folders that have become empty."""
        trash = layout.trash(self._root)
        for folder in (layout.journals(self._root), layout.packs(self._root), trash):
            for day in names(self._files, folder):
                if garbage.past(day, self._now):
                    self._remove_empty(folder / day, 2 if folder == trash else 0)

    def _remove_empty(self, folder: Path, levels: int) -> None:
        if levels:
            for name in names(self._files, folder):
                self._remove_empty(folder / name, levels - 1)
        try:
            self._files.remove_folder(folder)
        except OSError:  # it is not empty
            return

    def _packed(self, pack: str) -> list[Packed]:
        return list(dict.fromkeys(self._by_pack.get(pack, ())))


def collect(store: Store, *, act: bool, watch: Watch = lambda done, total, note: None) -> Collected:
    """Say what a store need not keep, and if told to, set it aside, fold and delete.

    Parameters
    ----------
    store : Store
        The store.
    act : bool
        Do it; otherwise nothing is changed.
    watch : callable
        Called with what is done, the total and what it is at.

    Raises
    ------
    StoreError
        If something could not be read or written; what is on record is whole all the same.
    """
    files, root, now = store.files, store.root, store.clock()
    try:
        said = census(files, root)
        named = said.named_with(garbage.final(said, now), _reader(store))
        decided = garbage.plan(files, root, said, now, named)
        if not act or decided.idle:
            return Collected(decided, ())
        disposal = Disposal(Site(files, root, store.clock), said, decided, named)
        disposal.run(watch)
    except OSError as error:
        raise failed(error, "clean up", root) from error
    return Collected(decided, tuple(disposal.problems))


def _reader(store: Store) -> Callable[[str], bytes | None]:
    def read(digest: str) -> bytes | None:
        try:
            return store.get(digest)
        except StoreError:
            return None

    return read
