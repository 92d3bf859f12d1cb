"""The files of versions, brought into a folder: whole, checked, and never outside of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from whence.artifacts.backend import Backend
from whence.artifacts.content import Source
from whence.artifacts.fetch import Request, fetch
from whence.artifacts.meter import Progress
from whence.artifacts.name import parts_of
from whence.artifacts.target import Target
from whence.artifacts.version import Manifest, Version
from whence.base.digest import digest_file
from whence.base.error import UserError
from whence.base.problem import Problem
from whence.records import Artifact
from whence.store import Files

Places = Mapping[str, tuple[Version, Manifest]]
"""Versions by the folder that each gets below another; one of no name is that folder itself."""


def bring(backend: Backend, places: Places, folder: Path, progress: Progress | None = None) -> None:
    """Bring the files of versions into a folder.

    A file that has the right content is left alone; each of the others gets its name when its
    digest is right.

    Raises
    ------
    UserError
        If other files are in a version's folder, or something stands in the way.
    StoreError
        If a file is not as it was logged; the rest was brought.
    """
    target = Target(folder)
    try:
        for inner, (version, manifest) in places.items():
            _refuse_others(target.path / inner, manifest, version)
        for inner, (_, manifest) in places.items():
            for name in manifest.folders:
                with target.inner(_parts(_below(inner, name)), make=True):
                    pass
    finally:
        target.close()
    supply = _Shelf(backend, places)
    fetch(supply, Request(list(supply.artifacts()), folder, progress))


class _Shelf:
    """The content of versions (see `Supply`)."""

    files = Files()

    def __init__(self, backend: Backend, places: Places) -> None:
        self._backend, self._places = backend, places
        self._files = {
            _below(inner, entry.path): (version, manifest, entry)
            for inner, (version, manifest) in places.items()
            for entry in manifest.files
        }

    def artifacts(self) -> Iterable[Artifact]:
        for name, (_, _, entry) in self._files.items():
            yield Artifact(name, "input", "", entry.digest, entry.size)

    def sources(self, artifacts: Iterable[Artifact]) -> Mapping[str, Source]:
        wanted = {artifact.digest for artifact in artifacts}
        return self._backend.locate(dict(self._places.values()), wanted)

    def open(self, artifact: Artifact) -> BinaryIO:
        version, manifest, entry = self._files[artifact.name]
        return self._backend.open(version, manifest, entry.path)

    def digest_of(self, path: str) -> str:
        return digest_file(path)


def _refuse_others(folder: Path, manifest: Manifest, version: Version) -> None:
    """Refuse to mix a version with what else is in the folder."""
    for above, _, names in os.walk(folder):
        lead = Path(above).relative_to(folder).as_posix()
        for name in names:
            path = name if lead == "." else f"{lead}/{name}"
            if manifest.entry(path) is None and not name.endswith(".whence-part"):
                raise UserError.of(
                    "other-files",
                    f"{str(folder)!r} has a file {path!r} that is not in {version}",
                    mend="Remove what is there, or give another folder.",
                )


def _below(inner: str, path: str) -> str:
    return f"{inner}/{path}" if inner else path


def _parts(path: str) -> tuple[str, ...]:
    parts = parts_of(path)
    if isinstance(parts, Problem):
        raise UserError(parts)
    return parts
