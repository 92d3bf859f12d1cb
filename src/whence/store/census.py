"""What all journals of a store say of what is kept in it, from one reading."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

from whence.store import layout
from whence.store.content import Slice
from whence.store.fact import files_of, folded_fits, pack_fits, seconds
from whence.store.files import Files, read_all
from whence.store.fold import Key, key_of
from whence.store.line import Chain, parse
from whence.store.listing import journals
from whence.store.version import alias_fits

_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_KEY = itemgetter(0)
_END = 1 << 16  # more than the last line of a metrics file


@dataclass(frozen=True, slots=True)
class JournalFile:
    """A journal as it was read.

    Attributes
    ----------
    name : str
        Under ``journals/``.
    size : int
        Bytes up to the end of its last whole line.
    rest : int
        Bytes after that.
    upto : int
        The highest number of a line; -1 if it has none, or is one of metrics.
    last : float
        When its last line was written.
    bad : int
        Lines that are not as they were written.
    ended : bool
        Whether it has its closing line.
    process : dict, optional
        Who wrote it.
    mtime : float
        When it was last changed.
    """

    name: str
    size: int
    rest: int
    upto: int
    last: float
    bad: int
    ended: bool
    process: dict[str, Any] | None
    mtime: float

    @property
    def writer(self) -> str:
        """Whose file it is."""
        return layout.writer_of_path(self.name)


@dataclass(frozen=True, slots=True)
class Packed:
    """Where content is packed, and since when it is in a pack."""

    digest: str
    place: Slice
    since: float


@dataclass(frozen=True, slots=True)
class Folded:
    """That lines of a journal are in others since.

    Attributes
    ----------
    size : int
        How many bytes of it.
    into : tuple of str
        The names of the journals that have its lines now.
    """

    size: int
    into: tuple[str, ...]


@dataclass(slots=True)
class Census:
    """What the journals say.

    Attributes
    ----------
    files : list of JournalFile
        The journals, those of metrics too.
    named : dict of str to set of str
        The digests in the lines of each thing on record.
    deletions : dict of str to (key, bool, float)
        The last deletion or its taking back, of each thing: its place in the order, which of the
        two, and when.
    final : set of str
        Things whose deletion is final.
    packed : list of Packed
        Where content is packed.
    ended : set of str
        The names of the journals that have their closing lines.
    folded : dict of str to list of Folded
        Journals that are folded into others, by name.
    manifests : set of str
        Digests of content that names content itself.
    versions : set of str
        The ids of the versions of artifacts in collections.
    aliases : dict of (str, str) to (key, int or None, str)
        Where each alias of an artifact points, by artifact and alias: the place in the order of
        the line that says so last, the number and the writer of the version.
    objects : set of str
        The digests of content that was kept as an object.
    lc : int
        The highest logical time.
    """

    files: list[JournalFile] = field(default_factory=list)
    named: dict[str, set[str]] = field(default_factory=dict)
    deletions: dict[str, tuple[Key, bool, float]] = field(default_factory=dict)
    final: set[str] = field(default_factory=set)
    packed: list[Packed] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    folded: dict[str, list[Folded]] = field(default_factory=dict)
    manifests: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)
    aliases: dict[tuple[str, str], tuple[Key, int | None, str]] = field(default_factory=dict)
    objects: set[str] = field(default_factory=set)
    lc: int = 0

    def folded_size(self, name: str) -> int:
        """How many bytes of a journal are folded into others that are all here; -1 if none are."""
        sizes = [one.size for one in self.folded.get(name, ()) if self._arrived(one, {name})]
        return max(sizes, default=-1)

    def _arrived(self, one: Folded, met: set[str]) -> bool:
        """Whether the journals it was folded into are here, or folded into others that are."""
        return all(
            name in self.ended
            or (
                name not in met
                and any(self._arrived(other, met | {name}) for other in self.folded.get(name, ()))
            )
            for name in one.into
        )

    def digests(self, without: frozenset[str] = frozenset()) -> set[str]:
        """All digests that things name whose deletion is not final, but for those `without`."""
        left_out = self.final | without
        return {
            digest
            for thing, found in self.named.items()
            if thing not in left_out
            for digest in found
        }

    def named_with(self, without: frozenset[str], read: Callable[[str], bytes | None]) -> set[str]:
        """`digests`, and those that content names in turn.

        Parameters
        ----------
        without : frozenset of str
            Things that are left out.
        read : callable
            Gives content by its digest, or None.
        """
        found = self.digests(without)
        for manifest in self.manifests & found:
            data = read(manifest)
            found.update(digest.decode() for digest in _DIGEST.findall(data or b""))
        return found


def census(files: Files, root: Path) -> Census:
    """Read all journals. Raises OSError."""
    found = Census()
    for name in journals(files, root):
        try:
            if name.endswith(layout.METRICS):
                file = _of_metrics(files, root, name)
            else:
                file = _of_lines(found, files, root, name)
        except FileNotFoundError:  # folded by another gc since it was listed
            continue
        found.files.append(file)
        if file.ended:
            found.ended.add(name)
    return found


def _of_lines(found: Census, files: Files, root: Path, name: str) -> JournalFile:
    path = layout.journals(root) / name
    mtime = files.stat(path).st_mtime
    data = read_all(files, path)
    writer, chain = layout.writer_of_path(name), Chain()
    upto, last, ended = -1, 0.0, False
    process: dict[str, Any] | None = None
    for _, row in chain.lines(data):
        line = parse(row)
        if line is None:
            continue
        try:
            key = key_of(line, writer)
        except (KeyError, TypeError, ValueError):
            continue
        found.lc = max(found.lc, key[0])
        last = max(last, seconds(line.get("t")))
        if "by" not in line:
            upto = max(upto, key[2])
            ended = line.get("op") == "end"
            if line.get("op") == "head" and type(line.get("process")) is dict:
                process = line["process"]
        _take(found, line, key, row)
    size = data.rfind(b"\n") + 1
    return JournalFile(name, size, len(data) - size, upto, last, chain.bad, ended, process, mtime)


def _take(found: Census, line: dict[str, Any], key: Key, row: bytes) -> None:
    op, thing = line.get("op"), line.get("of")
    if type(thing) is str:
        digests = _DIGEST.findall(row)
        if digests:
            named = {digest.decode() for digest in digests}
            items = files_of(line) if op == "artifacts" else [line]
            found.objects.update(
                item["digest"]
                for item in items
                if item.get("kept") == "object" and layout.is_digest(item.get("digest"))
            )
            found.named.setdefault(thing, set()).update(named)
            if op == "version" or layout.MANIFEST in str(line.get("type")):
                found.manifests |= named
        if op == "delete" or op == "undelete":
            before = found.deletions.get(thing)
            if before is None or before[0] < key:
                found.deletions[thing] = key, op == "delete", seconds(line.get("t"))
        elif op == "tombstone":
            found.final.add(thing)
        elif op == "version":
            found.versions.add(thing)
        elif op == "alias" and alias_fits(line):
            told = key, line["number"], str(line.get("writer"))
            place = thing, line["alias"]
            found.aliases[place] = max(found.aliases.get(place, told), told, key=_KEY)
    elif op == "pack":
        if pack_fits(line):
            found.packed.append(_packed_of(line))
    elif op == "folded" and folded_fits(line):
        folded = Folded(line["size"], tuple(line["into"]))
        found.folded.setdefault(line["file"], []).append(folded)


def _packed_of(line: dict[str, Any]) -> Packed:
    place = Slice(line["pack"], line["offset"], line["length"])
    return Packed(line["digest"], place, seconds(line.get("since", line.get("t"))))


def _of_metrics(files: Files, root: Path, name: str) -> JournalFile:
    """Of a file with metric points only what its last line tells is asked for."""
    fd = files.open(layout.journals(root) / name, os.O_RDONLY)
    try:
        status = files.stat(fd)
        begin = max(0, status.st_size - _END)
        data = files.read(fd, _END, begin)
    finally:
        files.close(fd)
    size = data.rfind(b"\n") + 1
    line = parse(data[:size].rstrip(b"\n").rpartition(b"\n")[2]) or {}
    last = line.get("t")
    return JournalFile(
        name,
        begin + size,
        len(data) - size,
        -1,
        seconds(last) or status.st_mtime,
        0,
        line.get("op") == "end",
        None,
        status.st_mtime,
    )
