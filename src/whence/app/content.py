"""Where the content of an artifact can be read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whence.app.workspace import Workspace
from whence.artifacts import open_content
from whence.base.error import WhenceError
from whence.records import Artifact, Record


@contextmanager
def content_file(workspace: Workspace, record: Record, artifact: Artifact) -> Iterator[Path | None]:
    """A file with the content of an artifact, to be read only; None if there is none any more.

    It is the store's own, a temporary copy of what is packed, or the file that was recorded where
    it lies, if that is as it was.
    """
    kept = workspace.store.locate(artifact.digest)
    if kept is not None:
        yield kept
        return
    try:
        source = open_content(workspace.store, record, artifact)
    except WhenceError:
        yield None
        return
    with source:
        lies_at = getattr(source, "name", None)
        if isinstance(lies_at, str | Path):  # what is packed has no name
            yield Path(lies_at)
            return
        with tempfile.NamedTemporaryFile(prefix="whence-") as file:
            shutil.copyfileobj(source, file)
            file.flush()
            yield Path(file.name)
