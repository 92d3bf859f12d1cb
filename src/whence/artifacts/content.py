"""Where the content of artifacts lies, and reading it from there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from whence.base.error import StoreError
from whence.records import Artifact, Record
from whence.store import Files, Store
from whence.store.layout import packs


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes of a file that should be a content.

    Attributes
    ----------
    path : Path
    offset : int
        Where they begin.
    left : bool
        Whether the file is the one the run left, not the store's.
    """

    path: Path
    offset: int = 0
    left: bool = False


class Supply(Protocol):
    """Where the content of artifacts comes from. Safe to use from any thread."""

    @property
    def files(self) -> Files:
        """The way to the file system."""

    def sources(self, artifacts: Iterable[Artifact]) -> Mapping[str, Source]:
        """Where contents lie that can be read on this machine, by digest: looked up at once."""

    def open(self, artifact: Artifact) -> IO[bytes]:
        """Content that `sources` did not find, or that is not there any more.

        Raises
        ------
        StoreError
            If it cannot be had.
        """

    def digest_of(self, path: str) -> str:
        """The digest of a file's content as it is now."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The content of artifacts of a run (see `Supply`).

    Attributes
    ----------
    store : Store
    record : Record
    """

    store: Store
    record: Record

    @property
    def files(self) -> Files:
        """The store's way to the file system."""
        return self.store.files

    def sources(self, artifacts: Iterable[Artifact]) -> dict[str, Source]:
        """Where the contents lie; references where they lay, and may have changed since."""
        artifacts = list(artifacts)
        found = kept(self.store, artifacts)
        for artifact in artifacts:
            path = None
            if artifact.digest not in found:
                path = next(left(self.store, self.record, artifact), None)
            if path is not None:
                found[artifact.digest] = Source(path, left=True)
        return found

    def open(self, artifact: Artifact) -> BinaryIO:
        """The content of one."""
        if not self.store.has(artifact.digest):
            raise gone(artifact)
        return self.store.open_content(artifact.digest)

    def digest_of(self, path: str) -> str:
        """The digest of a file, which the store may remember."""
        return self.store.digest_of(path)


def kept(store: Store, artifacts: Iterable[Artifact]) -> dict[str, Source]:
    """Where the store keeps the contents, by digest; what it does not keep is left out."""
    found: dict[str, Source] = {}
    elsewhere: list[str] = []
    for artifact in artifacts:
        if artifact.digest in found:
            continue
        path = store.locate(artifact.digest) if artifact.kept != "pack" else None
        if path is not None:
            found[artifact.digest] = Source(path)
        else:
            elsewhere.append(artifact.digest)
    paths: dict[str, Path] = {}  # of packs, which hold many each
    for digest, place in store.places(elsewhere).items() if elsewhere else ():
        if place.pack not in paths:
            paths[place.pack] = packs(store.root) / place.pack
        found[digest] = Source(paths[place.pack], place.offset)
    return found


def open_content(store: Store, record: Record, artifact: Artifact) -> BinaryIO:
    """The content of an artifact as a file to seek and read in.

    Raises
    ------
    StoreError
        If it is nowhere, or the file it refers to has changed.
    """
    if artifact.kept != "reference" or store.has(artifact.digest):
        return store.open_content(artifact.digest)
    there = list(left(store, record, artifact))
    for path in there:
        file = path.open("rb")
        if store.digest_of(path) == artifact.digest and _is_at(file, path):
            return file
        file.close()
    raise gone(artifact, changed=there[0] if there else None)


def left(store: Store, record: Record, artifact: Artifact) -> Iterator[Path]:
    """The files that may be the one an artifact refers to: where it lay, as things are now."""
    if not isinstance(artifact.path, str):
        return
    folder = record.state.get("dir")
    bases = [store.project / folder] if isinstance(folder, str) else []
    if not artifact.path.startswith("./"):
        bases.insert(0, store.project)
    for base in bases:
        path = base / artifact.path
        if path.is_file():
            yield path


def gone(artifact: Artifact, changed: Path | None = None) -> StoreError:
    """The error for content that is nowhere any more."""
    name, size = artifact.name, artifact.size
    if artifact.kept != "reference":
        return StoreError.of(
            "no-content",
            f"the store has no content for the artifact {name!r}",
            mend="It may be in a store not merged yet: `whence verify` tells.",
        )
    if changed is not None:
        return StoreError.of(
            "reference-changed",
            f"the artifact {name!r} refers to {str(changed)!r}, which has changed since",
            mend=f"Bring back the file of {size} bytes whose SHA-256 is {artifact.digest}.",
        )
    return StoreError.of(
        "reference-gone",
        f"the artifact {name!r} refers to {artifact.path!r}, which is not there any more",
        mend="Only its digest is on record; put the file back, or save copies next time.",
    )


def _is_at(file: BinaryIO, path: Path) -> bool:
    opened, there = os.fstat(file.fileno()), path.stat()
    return (opened.st_dev, opened.st_ino) == (there.st_dev, there.st_ino)
