"""Bring artifacts into a folder as files: what is there already stays, the rest in parallel."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from whence.artifacts.content import Source, Supply, gone
from whence.artifacts.meter import Meter, Progress
from whence.artifacts.name import parts_of
from whence.artifacts.save import others
from whence.artifacts.target import Bringer, Target, damaged_on_arrival, is_there
from whence.base.error import StoreError, UserError, WhenceError
from whence.base.problem import Problem
from whence.records import Artifact
from whence.store.layout import SMALL

_UNIT = 64  # files of one piece of work
_WORKERS = 8
_LARGE = 1 << 18  # bytes
_SLOW = 0.5e-3  # seconds


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """An artifact and the parts of its path below the folder."""

    artifact: Artifact
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """An artifact as a file.

    Attributes
    ----------
    artifact : Artifact
    folder : Path
        The folder that it was brought into.
    status : {"fetched", "there"}
        Whether it had to be fetched.
    """

    artifact: Artifact
    folder: Path
    status: str

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self.folder / self.artifact.name

    def as_dict(self) -> dict[str, Any]:
        """The file as `whence get --json` tells it."""
        artifact = self.artifact
        return {
            "name": artifact.name,
            "category": artifact.category,
            "path": f"{self.folder}/{artifact.name}",
            "digest": artifact.digest,
            "size": artifact.size,
            "status": self.status,
        }


@dataclass(frozen=True, slots=True)
class Request:
    """What is fetched.

    Attributes
    ----------
    artifacts : sequence of Artifact
    folder : Path
        Where to.
    progress : callable, optional
        Told of the bytes, if it takes over a second.
    workers : int
        Threads.
    """

    artifacts: Sequence[Artifact]
    folder: Path
    progress: Progress | None = None
    workers: int = _WORKERS


def fetch(supply: Supply, request: Request) -> list[Fetched]:
    """Bring artifacts into a folder; gives the files in order of their names.

    A file that has the right content is left alone; one that has another is replaced, in one
    step. Slashes in names make folders.

    Raises
    ------
    WhenceError
        After the rest was fetched, if something could not be: a name that cannot be a file's,
        something in the way, content that is gone or damaged.
    """
    work = _Fetch(supply, request)
    try:
        return work.run()
    finally:
        work.target.close()


Work = Callable[[list[Wanted]], list[Wanted]]


@dataclass(slots=True)
class _Fetch:
    supply: Supply
    request: Request
    problems: list[Problem] = field(default_factory=list)
    failed: dict[Wanted, tuple[Problem, ...]] = field(default_factory=dict)
    broken: bool = False
    target: Target = field(init=False)
    meter: Meter = field(init=False)

    def __post_init__(self) -> None:
        self.target = Target(self.request.folder)
        self.meter = Meter(self.request.progress, sum(a.size for a in self.request.artifacts))

    def run(self) -> list[Fetched]:
        wanted, refused = plan(self.request.artifacts)
        self.problems += refused
        wanted = self._told_apart(wanted)
        with ThreadPoolExecutor(self.request.workers) as pool:
            missing = set(self._all(pool, wanted, self._missing))
            absent = [item for item in wanted if item in missing]
            found = self.supply.sources(item.artifact for item in absent)

            def bring(unit: list[Wanted]) -> list[Wanted]:
                return self._brought(unit, found)

            far = [[item] for item in absent if item.artifact.digest not in found]
            brought = {item for unit in pool.map(bring, far) for item in unit}
            near = [item for item in absent if item.artifact.digest in found]
            brought.update(self._all(pool, near, bring))
        self.meter.close()
        folder = self.target.path
        files = [
            Fetched(item.artifact, folder, "fetched" if new else "there")
            for item in wanted
            if (new := item in brought) or not (item in missing or item in self.failed)
        ]
        for item in wanted:  # threads met them in any order
            self.problems += self.failed.get(item, ())
        if self.problems:
            told = [*dict.fromkeys(self.problems), *others("fetched", len(files))]
            raise (StoreError if self.broken else UserError)(*told)
        return files

    def _all(self, pool: Executor, wanted: list[Wanted], work: Work) -> Iterator[Wanted]:
        """What `work` gives for all of them, by threads if that is worth it.

        Small files on a fast disk are soonest done by one; only where each takes a while,
        because it is large or the file system far away, are there several at once.
        """
        units = list(_units(wanted))
        for number, unit in enumerate(units):
            begin = time.perf_counter()
            if _weight(unit) < _LARGE * len(unit):
                yield from work(unit)
                if time.perf_counter() - begin < _SLOW * len(unit):
                    continue
                number += 1
            for done in pool.map(work, units[number:]):
                yield from done
            return

    def _missing(self, unit: list[Wanted]) -> list[Wanted]:
        """Those of some files in one folder that are not there as they should be."""

        def missing(folder: int, item: Wanted) -> bool:
            there = is_there(folder, item.parts[-1], item.artifact, self._digest(item))
            if there:
                self.meter(item.artifact.size)
            return not there

        return self._of_folder(unit, missing, make=False)

    def _digest(self, item: Wanted) -> Callable[[], str]:
        return lambda: self.supply.digest_of(f"{self.target.path}/{item.artifact.name}")

    def _brought(self, unit: list[Wanted], found: Mapping[str, Source]) -> list[Wanted]:
        def brought(folder: int, item: Wanted) -> bool:
            self._bring(folder, item, found.get(item.artifact.digest))
            return True

        return self._of_folder(unit, brought, make=True)

    def _of_folder(
        self, unit: list[Wanted], holds: Callable[[int, Wanted], bool], *, make: bool
    ) -> list[Wanted]:
        """Those of some files in one folder of which something holds; what fails is noted."""
        found: list[Wanted] = []
        try:
            with self.target.inner(unit[0].parts[:-1], make=make) as folder:
                if folder is None:
                    return unit
                for item in unit:
                    try:
                        if holds(folder, item):
                            found.append(item)
                    except (WhenceError, OSError) as error:
                        self._note(item, error)
        except (UserError, OSError) as error:
            for item in unit:
                self._note(item, error)
        return found

    def _bring(self, folder: int, item: Wanted, source: Source | None) -> None:
        artifact = item.artifact
        bringer = Bringer(folder, item.parts[-1], artifact)
        self.meter.note = artifact.name
        if source is not None and self._copied(bringer, source):
            return
        damaged = None
        if source is not None and source.path.exists():
            if source.left:
                raise gone(artifact, changed=source.path)
            damaged = damaged_on_arrival(artifact, source.path)
        # gc may just have moved it, or it may be whole in another place: the supply knows.
        try:
            with self.supply.open(artifact) as content, _readable(content, artifact.size) as opened:
                if bringer.bring(opened, 0, self.supply.files, self.meter):
                    return
        except StoreError as error:
            raise damaged or error from error
        raise damaged or damaged_on_arrival(artifact)

    def _copied(self, bringer: Bringer, source: Source) -> bool:
        """Whether the right bytes were there."""
        try:
            fd = os.open(source.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return bringer.bring(fd, source.offset, self.supply.files, self.meter)
        finally:
            os.close(fd)

    def _note(self, item: Wanted, error: WhenceError | OSError) -> None:
        if isinstance(error, WhenceError):
            self.broken = self.broken or isinstance(error, StoreError)
            self.failed[item] = tuple(error.problems)
            return
        told = f"the artifact {item.artifact.name!r} cannot become a file: "
        self.failed[item] = (Problem("not-fetched", told + (error.strerror or str(error))),)

    def _told_apart(self, wanted: list[Wanted]) -> list[Wanted]:
        """Without those whose names the file system would take for another's."""
        folded = [_folded(item.artifact.name) for item in wanted]
        if len(set(folded)) == len(wanted) or tells_apart(self.target.path):
            return wanted
        alike: dict[str, list[Wanted]] = {}
        for name, item in zip(folded, wanted, strict=True):
            alike.setdefault(name, []).append(item)
        kept: list[Wanted] = []
        for first, *rest in alike.values():
            kept.append(first)
            for other in rest:
                told = f"{other.artifact.name!r} and {first.artifact.name!r} are one name here"
                mend = "Fetch one of them into another folder."
                self.problems.append(Problem("same-name", told, None, mend))
        return kept


def plan(artifacts: Iterable[Artifact]) -> tuple[list[Wanted], list[Problem]]:
    """Which files are to be made, in order of their names, and which names are refused.

    Of artifacts of one name and category the last one counts. If categories have different
    content under one name, that name is refused.
    """
    one: dict[str, Artifact] = {}
    several: dict[str, dict[str, Artifact]] = {}
    for artifact in artifacts:
        name = artifact.name
        if name in one:
            several.setdefault(name, {one[name].category: one[name]})[artifact.category] = artifact
        else:
            one[name] = artifact
    wanted: list[Wanted] = []
    refused: list[Problem] = []
    for name, artifact in one.items():
        parts = parts_of(name)
        same = several.get(name)
        if isinstance(parts, Problem):
            refused.append(parts)
        elif same is None:
            wanted.append(Wanted(artifact, parts))
        elif len({other.digest for other in same.values()}) > 1:
            refused.append(two_meanings(name, list(same)))
        else:
            wanted.append(Wanted(same.popitem()[1], parts))
    return sorted(wanted, key=lambda item: (item.parts[:-1], item.parts[-1])), refused


def two_meanings(name: str, categories: Sequence[str]) -> Problem:
    """The problem of a name that stands for different content in different categories."""
    return Problem(
        "ambiguous-artifact",
        f"the artifact {name!r} is another as {' than as '.join(categories)}",
        None,
        "Say which with category=... or --category.",
    )


def _folded(name: str) -> str:
    """The name as the file systems see it that tell the fewest apart."""
    return (name if name.isascii() else unicodedata.normalize("NFC", name)).casefold()


def tells_apart(folder: Path) -> bool:
    """Whether the file system of a folder tells names apart that differ in case or Unicode form."""
    name = f".whence-{os.urandom(4).hex()}-é"
    path = folder / name
    path.touch()
    try:
        others = (name.replace("whence", "WHENCE"), unicodedata.normalize("NFD", name))
        return not any((folder / other).exists() for other in others)
    finally:
        with suppress(OSError):
            path.unlink()


@contextmanager
def _readable(opened: IO[bytes], size: int) -> Iterator[int | bytes]:
    """A descriptor of what was opened, its own or that of a copy; of little content the bytes."""
    if size < SMALL:
        yield opened.read(size + 1)
        return
    try:
        own: int | None = opened.fileno()
    except (AttributeError, OSError):  # not a file of this machine
        own = None
    if own is not None:
        yield own
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(opened, copy)
        copy.flush()
        yield copy.fileno()


def _units(wanted: list[Wanted]) -> Iterator[list[Wanted]]:
    """Files of one folder, some at a time; a large one alone."""
    unit: list[Wanted] = []
    weight = 0
    for item in wanted:
        weight += item.artifact.size
        full = len(unit) == _UNIT or weight > _UNIT * _LARGE
        if unit and (full or unit[0].parts[:-1] != item.parts[:-1]):
            yield unit
            unit, weight = [], item.artifact.size
        unit.append(item)
    if unit:
        yield unit


def _weight(unit: list[Wanted]) -> int:
    return sum(item.artifact.size for item in unit)
