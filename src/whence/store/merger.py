"""One store takes over what another has: journals, content and claims."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from whence.base.digest import digest_bytes
from whence.base.error import UserError
from whence.base.problem import Problem, Where
from whence.store import layout
from whence.store.census import Census, census
from whence.store.content import object_digest
from whence.store.files import Files, failed, pieces, read_all, write_all
from whence.store.line import Chain
from whence.store.listing import inner, journals, names, objects, packs
from whence.store.load import read_span
from whence.store.store import Store
from whence.store.trash import entries

Watch = Callable[[int, int, str], object]

_TAIL = 4096
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Copy:
    """A file to take over.

    Attributes
    ----------
    kind : str
        What it is.
    place : str
        Where it is in a store.
    source : str
        Where it is in the other store, if elsewhere: in the trash.
    size : int
        How many of its bytes.
    held : int
        How many of them are here already.
    """

    kind: Literal["journal", "pack", "object", "claim"]
    place: str
    source: str
    size: int
    held: int = 0


@dataclass(slots=True)
class Merged:
    """What was taken over, or would be.

    Attributes
    ----------
    copies : list of Copy
        The files.
    conflicts : list of Problem
        Files that are different here and there and none of which goes on from the other, versions
        of one number, and aliases that point elsewhere now.
    damaged : list of Problem
        What the other store has that is not as it was written; it was left there.
    """

    copies: list[Copy] = field(default_factory=list)
    conflicts: list[Problem] = field(default_factory=list)
    damaged: list[Problem] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """How many files of a kind."""
        return sum(copy.kind == kind for copy in self.copies)

    @property
    def size(self) -> int:
        """How many bytes had to be copied."""
        return sum(max(0, copy.size - copy.held) for copy in self.copies)


@dataclass(frozen=True, slots=True)
class Side:
    """A store folder and the way to its file system."""

    files: Files
    root: Path


def merge(
    ours: Store,
    theirs: Store,
    *,
    dry_run: bool = False,
    thorough: bool = False,
    watch: Watch = lambda done, total, note: None,
) -> Merged:
    """Take over what another store has and this one has not.

    Doing it again, or in another order with a third store, gives the same records.

    Parameters
    ----------
    ours, theirs : Store
        The store to complete, and the other one, which is only read.
    dry_run : bool
        Only say what would be copied.
    thorough : bool
        Read all bytes of what both have, so that damage here is mended from there.
    watch : callable
        Called with what is done, the total and what it is at.

    Raises
    ------
    StoreError
        If something cannot be read or written; what was copied before stays, and merging again
        goes on.
    UserError
        If both are the same store.

    Examples
    --------
    >>> import tempfile
    >>> ours, theirs = (Store.create(tempfile.mkdtemp()) for _ in range(2))
    >>> theirs.writer().append("set", "a-run", {"f": {"name": "first"}})
    >>> merge(ours, theirs).count("journal")
    1
    >>> ours.index().state("a-run")["name"]
    'first'
    >>> theirs.writer().close()
    """
    if os.path.samefile(ours.root, theirs.root):
        raise UserError.of("same-store", f"{str(ours.root)!r} cannot be merged with itself")
    here, there = (Side(store.files, store.root) for store in (ours, theirs))
    try:
        found = plan(here, there, thorough=thorough)
        if not dry_run:
            carry_out(found, here, there, watch)
    except OSError as error:
        raise failed(error, f"merge {str(theirs.root)!r} into", ours.root) from error
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """What the journals of both sides say, as far as gc has been at work in one of them."""

    here: Census
    there: Census

    def named(self) -> set[str]:
        return self.here.digests() | self.there.digests()


def plan(ours: Side, theirs: Side, *, thorough: bool = False) -> Merged:
    """What the other store has that this one has not.

    The journals are looked at first and copied last: whatever they name was there before they
    named it, so that what arrives is complete, however much is written meanwhile.

    Parameters
    ----------
    ours, theirs : Side
        The store to complete, and the other one.
    thorough : bool
        Read all bytes of what both have, so that damage here is mended from there.

    Raises
    ------
    OSError
        If one of them cannot be read.
    """
    found = Merged()
    listed = journals(theirs.files, theirs.root)
    sizes = {name: _whole(theirs, f"journals/{name}") for name in listed}
    known = _Known(census(ours.files, ours.root), census(theirs.files, theirs.root))
    found.conflicts += [*_claimed_twice(known), *_pointing_elsewhere(known)]
    look = _Look(found, ours, theirs, known, thorough)
    found.copies += look.objects()
    packs = look.packs()
    found.copies += packs
    needed = {layout.writer_of_path(copy.place) for copy in packs}
    for name, size in sizes.items():
        # What gc has folded here is not needed again, but to tell where packed content lies.
        if size > known.here.folded_size(name) or layout.writer_of_path(name) in needed:
            place = f"journals/{name}"
            found.copies += look.grown(Copy("journal", place, place, size))
    found.copies += [
        Copy("claim", place, place, 0) for place in _claims(theirs) if not _has(ours, place)
    ]
    return found


def _claimed_twice(known: _Known) -> list[Problem]:
    """The versions of one number that were made in both stores."""
    writers: dict[str, set[str]] = {}
    for version in known.here.versions | known.there.versions:
        number, _, writer = version.partition("~")
        writers.setdefault(number, set()).add(writer)
    return [
        Problem(
            "version-claimed-twice",
            f"{number} was made {len(claims)} times, in stores that did not know of each other",
            mend=f"The earliest is {number}, the others {number}~<writer>; all are kept.",
        )
        for number, claims in sorted(writers.items())
        if len(claims) > 1 and not {f"{number}~{w}" for w in claims} <= known.here.versions
    ]


def _pointing_elsewhere(known: _Known) -> Iterator[Problem]:
    """The aliases that were set here, and later in the other store to another version."""
    for (series, alias), (before, number, writer) in sorted(known.here.aliases.items()):
        after, other, by = known.there.aliases.get((series, alias), (before, number, writer))
        if after <= before or number is None or (number, writer) == (other, by):
            continue
        own = f"~{writer}" if number == other else ""
        there = "nothing" if other is None else f"v{other}{own and f'~{by}'}"
        yield Problem(
            "alias-moved",
            f"the alias {alias!r} of {series} pointed to v{number}{own} here, and points to "
            f"{there} now, as it was set last in the other store",
            mend="`ArtifactManager.set_alias` points it to the version that it ought to mean.",
        )


def carry_out(found: Merged, ours: Side, theirs: Side, watch: Watch) -> None:
    """Copy what was planned; every file gets its name when it is whole.

    Raises
    ------
    OSError
        If something cannot be read or written; what was copied before stays.
    """
    total = len(found.copies)
    for number, copy in enumerate(found.copies):
        watch(number, total, copy.place)
        target = ours.root / copy.place
        ours.files.make(target.parent)
        if copy.kind == "claim":
            ours.files.close(ours.files.open(target, os.O_CREAT | os.O_WRONLY))
        elif not _take(ours, theirs, copy):
            found.damaged.append(
                Problem("damaged-content", "the content was altered: left there", Where(copy.place))
            )
    if total:
        ours.files.sync_all()
    watch(total, total, "")


class _Look:
    """Compares what both sides have."""

    def __init__(
        self, found: Merged, ours: Side, theirs: Side, known: _Known, thorough: bool
    ) -> None:
        self._found, self._ours, self._theirs = found, ours, theirs
        self._known, self._thorough = known, thorough

    def objects(self) -> list[Copy]:
        """The objects that are not here, or not whole."""
        copies = []
        listed = objects(self._theirs.files, self._theirs.root)
        # A network file system may list a folder as it was half a minute ago.
        unlisted = sorted(self._known.there.objects.difference(listed))
        for digest in [*listed, *unlisted]:
            place = layout.object_place(digest)
            size = _size(self._theirs, place)
            if size >= 0 and not self._holds(digest, size):
                copies.append(Copy("object", place, place, size))
        trashed = [item for item in entries(self._theirs.files, self._theirs.root) if item.digest]
        named = self._known.named() if trashed else set()
        for item in trashed:
            if item.digest in named and not _has(self._ours, item.place):
                source = f"trash/{item.day}/{item.place}"
                copies.append(Copy("object", item.place, source, _size(self._theirs, source)))
        return copies

    def packs(self) -> list[Copy]:
        """The packs that have grown there, or have content that is not here."""
        theirs, copies = self._theirs, []
        described = {item.place.pack for item in self._known.there.packed}
        wanted = self._wanted()
        for pack in sorted({*packs(theirs.files, theirs.root), *described}):
            place = f"packs/{pack}"
            size = _size(theirs, place)
            if size >= 0 and (_has(self._ours, place) or pack not in described or pack in wanted):
                copies += self.grown(Copy("pack", place, place, size))
        for item in entries(theirs.files, theirs.root):
            if item.pack in wanted and not _has(self._ours, item.place):
                source = f"trash/{item.day}/{item.place}"
                copies.append(Copy("pack", item.place, source, _size(theirs, source)))
        return copies

    def grown(self, copy: Copy) -> list[Copy]:
        """What to do with a file that only grows: the shorter one must begin the longer one."""
        held = _size(self._ours, copy.place)
        if held < 0:
            return [copy] if copy.size else []
        common = min(held, copy.size)
        begin = 0 if self._thorough else max(0, common - _TAIL)
        if _same(self._ours, self._theirs, copy.place, begin, common):
            return [replace(copy, held=held)] if held < copy.size else []
        if self._whole_units(self._ours, copy) < self._whole_units(self._theirs, copy):
            self._conflict(copy, "is damaged here and whole there: taken from there")
            return [replace(copy, held=held)]
        if self._whole_units(self._theirs, copy) - self._whole_units(self._ours, copy):
            self._conflict(copy, "is another one there, and was left as it is here")
        return []

    def _whole_units(self, side: Side, copy: Copy) -> set[object]:
        """The good lines of a journal, or the pieces of a pack that are as they were written."""
        if copy.kind == "journal":
            return {row for _, row in Chain().lines(read_all(side.files, side.root / copy.place))}
        pack = copy.place.removeprefix("packs/")
        data = read_all(side.files, side.root / copy.place)
        return {
            item
            for item in (*self._known.here.packed, *self._known.there.packed)
            if item.place.pack == pack
            and digest_bytes(data[item.place.offset : item.place.offset + item.place.length])
            == item.digest
        }

    def _wanted(self) -> set[str]:
        """The packs there with content that no pack or object here has."""
        here = {
            item.digest
            for item in self._known.here.packed
            if _size(self._ours, f"packs/{item.place.pack}")
            >= item.place.offset + item.place.length
        }
        return {
            item.place.pack
            for item in self._known.there.packed
            if item.digest not in here and not _has(self._ours, layout.object_place(item.digest))
        }

    def _holds(self, digest: str, size: int) -> bool:
        if _size(self._ours, layout.object_place(digest)) != size:
            return False
        path = layout.object_path(self._ours.root, digest)
        return not self._thorough or object_digest(self._ours.files, path) == digest

    def _conflict(self, copy: Copy, what: str) -> None:
        problem = Problem("conflict", f"the {copy.kind} {what}", Where(copy.place))
        self._found.conflicts.append(problem)


def _take(ours: Side, theirs: Side, copy: Copy) -> bool:
    """Copy a file under another name, then give it its own; False if its digest is another."""
    target = ours.root / copy.place
    temporary = target.with_name(f"{target.name}.{os.urandom(4).hex()}")
    source = theirs.files.open(theirs.root / copy.source, os.O_RDONLY)
    try:
        fd = ours.files.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR)
        try:
            try:
                good = _fill(ours, theirs, copy, source, fd)
            finally:
                ours.files.close(fd)
            if not good:
                ours.files.remove(temporary)
            elif copy.kind == "object":
                ours.files.publish(temporary, target)
            elif max(_size(ours, copy.place), 0) == copy.held:
                ours.files.rename(temporary, target)
            else:  # its writer, or another merge, has written to it meanwhile
                ours.files.remove(temporary)
        except BaseException:
            if ours.files.has(temporary):
                ours.files.remove(temporary)
            raise
    finally:
        theirs.files.close(source)
    return good


def _fill(ours: Side, theirs: Side, copy: Copy, source: int, target: int) -> bool:
    sha = hashlib.sha256()
    offset = 0
    for piece in pieces(theirs.files, source, stop=copy.size):
        write_all(ours.files, target, piece)
        sha.update(piece)
        offset += len(piece)
    if copy.kind == "object":
        return layout.object_place(sha.hexdigest()) == copy.place
    return offset == copy.size


def _same(ours: Side, theirs: Side, place: str, begin: int, end: int) -> bool:
    here = ours.files.open(ours.root / place, os.O_RDONLY)
    try:
        there = theirs.files.open(theirs.root / place, os.O_RDONLY)
        try:
            while begin < end:
                size = min(_PIECE, end - begin)
                one = read_span(ours.files, here, begin, begin + size)
                if not one or one != read_span(theirs.files, there, begin, begin + len(one)):
                    return False
                begin += len(one)
        finally:
            theirs.files.close(there)
    finally:
        ours.files.close(here)
    return True


def _whole(side: Side, place: str) -> int:
    """The size of a journal up to the end of its last whole line."""
    fd = side.files.open(side.root / place, os.O_RDONLY)
    try:
        end = side.files.stat(fd).st_size
        while end > 0:
            begin = max(0, end - _PIECE)
            newline = read_span(side.files, fd, begin, end).rfind(b"\n")
            if newline >= 0:
                return begin + newline + 1
            end = begin
        return 0
    finally:
        side.files.close(fd)


def _size(side: Side, place: str) -> int:
    """The size of a file; -1 if it is not there."""
    try:
        fd = side.files.open(side.root / place, os.O_RDONLY)
    except FileNotFoundError:
        return -1
    try:
        return side.files.stat(fd).st_size
    finally:
        side.files.close(fd)


def _has(side: Side, place: str) -> bool:
    return side.files.has(side.root / place)


def _claims(side: Side) -> Iterator[str]:
    folder = side.root / "claims"
    for artifact in inner(side.files, folder):
        for version in names(side.files, folder / artifact):
            yield f"claims/{artifact}/{version}"
