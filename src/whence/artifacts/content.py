"""Where the content of artifacts lies, and reading it from there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from whence.base.error import StoreError
from whence.records import Artifact, Record
from whence.store import Store
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


def sources(store: Store, record: Record, artifacts: Iterable[Artifact]) -> dict[str, Source]:
    """Where the contents can be read, by digest; what is nowhere is left out.

    Only references are looked for outside the store, and what is found there may have changed.
    """
    found: dict[str, Source] = {}
    elsewhere: dict[str, Artifact] = {}
    for artifact in artifacts:
        if artifact.digest in found:
            continue
        kept = store.locate(artifact.digest) if artifact.kept != "pack" else None
        if kept is not None:
            found[artifact.digest] = Source(kept)
        else:
            elsewhere[artifact.digest] = artifact
    for digest, place in store.places(elsewhere).items() if elsewhere else ():
        found[digest] = Source(packs(store.root) / place.pack, place.offset)
    for digest, artifact in elsewhere.items():
        path = next(left(store, record, artifact), None) if digest not in found else None
        if path is not None:
            found[digest] = Source(path, left=True)
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
    if artifact.path is None or not isinstance(artifact.path, str):
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
