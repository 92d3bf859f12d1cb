"""The files of a version, brought into a folder: whole, checked, and never outside of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from whence.artifacts.backend import Backend
from whence.artifacts.name import parts_of
from whence.artifacts.target import Bringer, Target, damaged_on_arrival, is_there
from whence.artifacts.version import Entry, Manifest, Version
from whence.base.digest import digest_file
from whence.base.error import UserError
from whence.base.problem import Problem
from whence.records import Artifact
from whence.store import Files
from whence.store.layout import SMALL

_WORKERS = 8


def bring(
    backend: Backend, version: Version, manifest: Manifest, folder: Path, workers: int = _WORKERS
) -> None:
    """Bring the files of a version into a folder.

    A file that has the right content is left alone; each of the others gets its name when its
    digest is right.

    Raises
    ------
    UserError
        If other files are in the folder, or something stands in the way.
    StoreError
        If a file is not as it was logged.
    """
    target = Target(folder)
    try:
        _refuse_others(target.path, manifest, version)
        for name in manifest.folders:
            with target.inner(_parts(name), make=True):
                pass

        def one(entry: Entry) -> None:
            _bring(backend, version, manifest, entry, target)

        if workers == 1 or len(manifest.files) == 1:
            for entry in manifest.files:
                one(entry)
        else:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(one, manifest.files))
    finally:
        target.close()


def _bring(
    backend: Backend, version: Version, manifest: Manifest, entry: Entry, target: Target
) -> None:
    parts = _parts(entry.path)
    artifact = Artifact(entry.path, "input", "", entry.digest, entry.size)
    with target.inner(parts[:-1], make=True) as inner:
        assert inner is not None
        path = target.path.joinpath(*parts)
        if is_there(inner, parts[-1], artifact, lambda: digest_file(path)):
            return
        with (
            backend.open(version, manifest, entry.path) as opened,
            _readable(opened, entry.size) as source,
        ):
            bringer = Bringer(inner, parts[-1], artifact)
            if not bringer.bring(source, 0, Files(), lambda count: None):
                raise damaged_on_arrival(artifact, Path(str(version)))


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


def _refuse_others(folder: Path, manifest: Manifest, version: Version) -> None:
    """Refuse to mix a version with what else is in the folder."""
    own = {entry.path for entry in manifest.files}
    for above, _, names in os.walk(folder):
        for name in names:
            path = Path(above, name).relative_to(folder).as_posix()
            if path not in own and not name.endswith(".whence-part"):
                raise UserError.of(
                    "other-files",
                    f"{str(folder)!r} has a file {path!r} that is not in {version}",
                    mend="Remove what is there, or give another folder.",
                )


def _parts(path: str) -> tuple[str, ...]:
    parts = parts_of(path)
    if isinstance(parts, Problem):
        raise UserError(parts)
    return parts
