"""Where the content of an artifact can be read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whence.app.workspace import Workspace
from whence.artifacts.content import left
from whence.base.error import WhenceError
from whence.records import Artifact, Record


@contextmanager
def content_file(workspace: Workspace, record: Record, artifact: Artifact) -> Iterator[Path | None]:
    """A file with the content of an artifact, to be read only; None if there is none any more.

    It is the store's own, a temporary copy of what is packed, or the file that was recorded where
    it lies, if that is as it was.
    """
    store = workspace.store
    kept = store.locate(artifact.digest)
    if kept is not None:
        yield kept
        return
    if artifact.kept != "reference" or store.has(artifact.digest):
        try:
            source = store.open_content(artifact.digest)
        except WhenceError:
            source = None
        if source is not None:
            with source, tempfile.NamedTemporaryFile(prefix="whence-") as file:
                shutil.copyfileobj(source, file)
                file.flush()
                yield Path(file.name)
            return
    yield _left(workspace, record, artifact)


def _left(workspace: Workspace, record: Record, artifact: Artifact) -> Path | None:
    """The file where the run left it, if its content is the one recorded."""
    store = workspace.store
    for path in left(store, record, artifact):
        try:
            if store.digest_of(path) == artifact.digest:
                return path
        except (OSError, WhenceError):
            continue
    return None
