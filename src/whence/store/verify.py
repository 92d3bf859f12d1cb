"""Whether a store is whole, from its files alone."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whence.base.problem import Problem, Where
from whence.store import layout
from whence.store.content import object_digest
from whence.store.fact import files_of, is_count, pack_fits
from whence.store.files import Files, read_all
from whence.store.fold import KNOWN, key_of
from whence.store.line import Chain, parse
from whence.store.listing import journals, objects
from whence.store.order import is_ahead
from whence.store.trash import entries, find

_DIGEST = re.compile(rb'"([0-9a-f]{64})"')


_KNOWN = KNOWN | {"head", "pack", "folded", "beat", "end", "version", "alias"}
_TRIES = 3
_MEND = "`whence merge --thorough OTHER` mends it from a store that has it whole."


@dataclass(slots=True)
class Report:
    """What was looked at and what was found.

    Attributes
    ----------
    journals, lines, objects, packed : int
        How many journal files, good lines, objects and packed pieces of content there are.
    corrupt : list of Problem
        What is not as it was written.
    incomplete : list of Problem
        Content that a record names and that is not there (yet).
    unended : list of str
        Journals without a closing line: their writers live, or were killed.
    ahead : int
        Lines from more than a day in the future.
    unknown : int
        Lines of kinds that this version does not know: kept, and left to the version that does.
    torn : int
        Beginnings of lines that a failed write has left: they were refused, so nothing is lost.
    """

    journals: int = 0
    lines: int = 0
    objects: int = 0
    packed: int = 0
    corrupt: list[Problem] = field(default_factory=list)
    incomplete: list[Problem] = field(default_factory=list)
    unended: list[str] = field(default_factory=list)
    ahead: int = 0
    unknown: int = 0
    torn: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing is damaged; a store can be incomplete and sound."""
        return not self.corrupt


def verify(files: Files, root: Path, now: float) -> Report:
    """Read everything and compare it with its checks and digests. Raises OSError."""
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):  # gc has moved it since it was listed
            return _verified(files, root, now)
    return _verified(files, root, now)


def _verified(files: Files, root: Path, now: float) -> Report:
    check = _Check(files, root, now)
    for name in journals(files, root):
        check.journal(layout.journals(root) / name)
    for digest in objects(files, root):
        check.object(layout.object_path(root, digest), digest)
    for entry in entries(files, root):
        if entry.digest is not None:
            check.object(layout.trash(root) / entry.day / entry.place, entry.digest)
    check.packs()
    check.named()
    return check.report


class _Check:
    def __init__(self, files: Files, root: Path, now: float) -> None:
        self.report = Report()
        self._files, self._root, self._now = files, root, now
        self._slices: list[dict[str, Any]] = []
        self._there: set[str] = set()
        self._named: dict[str, dict[str, str]] = {}
        self._final: set[str] = set()
        self._versions: list[tuple[str, str]] = []
        self._manifests: dict[str, list[str]] = {}  # the digests that they name
        self._sizes: dict[str, int] = {}
        self._short: set[str] = set()

    def journal(self, path: Path) -> None:
        """Follow the checks of a journal to its closing line."""
        report, name = self.report, self._name(path)
        data = read_all(self._files, path)
        report.journals += 1
        chain, count, bad = Chain(), 0, 0
        ended: tuple[int, dict[str, Any]] | None = None
        for position, row in chain.lines(data):
            line = parse(row)
            if chain.bad > bad:
                self._skipped(name, data, position, chain.bad - bad)
                bad = chain.bad
            report.lines += 1
            if line is None:
                self._corrupt(name, data, position, "is not a JSON object")
                continue
            self._line(line, path)
            if line.get("op") == "end" and "sha256" in line:
                ended = position, line
            else:
                count += 1
        report.torn += chain.torn
        rest = len(data) - data.rfind(b"\n") - 1
        if rest > 1 and any(Chain(chain.good, chain.near).lines(data[-rest:-1] + b"\n")):
            # A write cut short ends before the newline: another byte has taken its place.
            self._corrupt(name, data, len(data) - rest, "has another byte where its newline was")
            return
        if ended is None:
            report.unended.append(name)
            if chain.bad > bad:
                self._skipped(name, data, len(data), chain.bad - bad)
            return
        position, line = ended
        whole = hashlib.sha256(data[:position]).hexdigest() == line.get("sha256")
        if not whole or line.get("count") != count or chain.bad > bad or rest:
            self._corrupt(name, data, position, "does not agree with what is in the file")

    def _line(self, line: dict[str, Any], path: Path) -> None:
        try:
            if is_ahead(key_of(line, "")[0], self._now):
                self.report.ahead += 1
        except (KeyError, ValueError, TypeError):
            return  # a line of metric values
        op = line.get("op")
        if op not in _KNOWN:
            self.report.unknown += 1
        if op == "pack" and pack_fits(line):
            self._slices.append(line)
        elif op == "tombstone":
            self._final.add(str(line.get("of")))
        elif op in ("artifact", "tensor") and line.get("kept") in ("object", "pack"):
            self._name_file(line, line)
        elif op == "artifacts":
            for item in files_of(line):
                self._name_file(line, item)
        elif op == "version":
            self._name_content(line, line.get("digest"), "the manifest")
            self._versions.append((str(line.get("of")), str(line.get("digest"))))
            self._manifests[str(line.get("digest"))] = []
        elif op == "set" and type(line.get("f")) is dict:
            environment = line["f"].get("environment")
            if type(environment) is str:
                self._name_content(line, environment, "the environment")

    def _name_file(self, line: dict[str, Any], item: dict[str, Any]) -> None:
        self._name_content(line, item.get("digest"), repr(item.get("name")))
        if is_count(item.get("size")):
            self._sizes[str(item.get("digest"))] = item["size"]

    def _name_content(self, line: dict[str, Any], digest: Any, what: str) -> None:
        named = self._named.setdefault(str(line.get("of")), {})
        named[str(digest)] = f"{what} of {line.get('of')}"

    def object(self, path: Path, digest: str) -> None:
        """Compare an object with its digest."""
        self.report.objects += 1
        good = object_digest(self._files, path) == digest
        if not good and self._files.stat(path).st_size < self._sizes.get(digest, 0):
            self._short.add(digest)  # rsync appends to it under its name
            return
        self._there.add(digest)
        if not good:
            self._altered(path, digest)
        elif digest in self._manifests:
            self._manifests[digest] = _digests(read_all(self._files, path))

    def packs(self) -> None:
        """Compare packed content with what its owners' journals say."""
        by_pack: dict[str, list[dict[str, Any]]] = {}
        for line in self._slices:
            by_pack.setdefault(str(line.get("pack")), []).append(line)
        for name, lines in sorted(by_pack.items()):
            path: Path | None = layout.packs(self._root) / name
            if path is not None and not self._files.has(path):
                path = find(self._files, self._root, f"packs/{name}")
            if path is None:
                continue
            fd = self._files.open(path, os.O_RDONLY)
            try:
                for line in lines:
                    self._slice(path, fd, line)
            finally:
                self._files.close(fd)

    def _slice(self, path: Path, fd: int, line: dict[str, Any]) -> None:
        data = self._files.read(fd, line["length"], line["offset"])
        if len(data) < line["length"]:
            return  # of a pack that was copied while it grew
        self.report.packed += 1
        self._there.add(line["digest"])
        if hashlib.sha256(data).hexdigest() != line["digest"]:
            self._altered(path, line["digest"])
        elif line["digest"] in self._manifests:
            self._manifests[line["digest"]] = _digests(data)

    def named(self) -> None:
        """See whether what records name is there."""
        for thing, manifest in self._versions:
            for digest in self._manifests[manifest]:
                self._named[thing][digest] = f"a file of {thing}"
        packed = {str(line.get("digest")) for line in self._slices}
        named = {
            digest: by
            for thing, digests in self._named.items()
            if thing not in self._final
            for digest, by in digests.items()
        }
        for digest, by in sorted(named.items()):
            if digest not in self._there:
                known = "; its pack has not arrived whole" if digest in packed else ""
                known = "; its file has not arrived whole" if digest in self._short else known
                self.report.incomplete.append(
                    Problem(
                        "incomplete",
                        f"the content {digest[:12]}… of {by} is not in the store{known}",
                        mend="Merge the store that it was recorded in.",
                    )
                )

    def _skipped(self, name: str, data: bytes, position: int, count: int) -> None:
        number = data.count(b"\n", 0, position)
        lines = "a line" if count == 1 else f"{count} lines"
        self.report.corrupt.append(
            Problem(
                "damaged-line",
                f"{lines} not as written; skipped",
                Where(name, line=max(number, 1)),
                _MEND,
            )
        )

    def _corrupt(self, name: str, data: bytes, position: int, what: str) -> None:
        number = data.count(b"\n", 0, position) + 1
        self.report.corrupt.append(
            Problem("damaged-journal", f"the line {what}", Where(name, line=number), _MEND)
        )

    def _altered(self, path: Path, digest: str) -> None:
        self.report.corrupt.append(
            Problem(
                "damaged-content",
                f"the content {digest[:12]}… was altered",
                Where(self._name(path)),
                _MEND,
            )
        )

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._root))


def _digests(data: bytes) -> list[str]:
    return [digest.decode() for digest in _DIGEST.findall(data)]
