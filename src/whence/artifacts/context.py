"""Folders that live for the time of a ``with`` block: to log, or to look into."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from whence.artifacts.draft import draft_of
from whence.artifacts.version import checked

if TYPE_CHECKING:
    from whence.artifacts.catalog import CatalogSource
    from whence.artifacts.manager import ArtifactManager

logger = logging.getLogger(__name__)


class DirectoryLogger:
    """Logs what a ``with`` block puts into a folder as one artifact.

    An empty folder is not logged. Nor is that of a block that raised, unless it is to be kept: then
    the version is marked as failed, and is never the latest.

    Parameters
    ----------
    artifact_manager : ArtifactManager
        What logs it.
    artifact : str
        The artifact's name.
    collection : str, optional
        Where to; the manager's active collection if not given.
    keep_failed : bool
        Whether to log what a block that raised has left.

    Attributes
    ----------
    source : CatalogSource or None
        What was logged, after the block.

    Examples
    --------
    >>> from whence.artifacts import ArtifactManager, FolderBackend
    >>> manager = ArtifactManager("doc", FolderBackend("memory://logger"))
    >>> with DirectoryLogger(manager, "mesh") as folder:
    ...     _ = (folder / "points.txt").write_text("0 0 0")
    >>> manager.get_artifact("mesh")
    '0 0 0'
    """

    def __init__(
        self,
        artifact_manager: ArtifactManager,
        artifact: str,
        collection: str | None = None,
        keep_failed: bool = False,
    ) -> None:
        self._manager = artifact_manager
        self.artifact = checked(artifact, "artifact")
        named = artifact_manager.active_collection if collection is None else collection
        self.collection = checked(named, "collection")
        self._keep_failed = keep_failed
        self._folders: list[tempfile.TemporaryDirectory[str]] = []
        self.source: CatalogSource | None = None

    def __enter__(self) -> Path:
        self._folders.append(tempfile.TemporaryDirectory(prefix="whence-"))
        folder = Path(self._folders[-1].name, self.artifact)
        folder.mkdir()
        return folder

    def __exit__(
        self,
        exctype: type[BaseException] | None = None,
        excinst: BaseException | None = None,
        exctb: TracebackType | None = None,
    ) -> None:
        with self._folders.pop() as name:
            folder = Path(name, self.artifact)
            if exctype is not None and not self._keep_failed:
                return
            if not any(folder.iterdir()):
                logger.info("nothing logged as %s: the folder is empty", self.artifact)
                return
            failed = exctype is not None
            draft = draft_of(folder, failed=failed)
            self.source = self._manager.log_draft(draft, self.artifact, self.collection)


class TmpArtifact:
    """A folder with the files of a version, for the time of a ``with`` block.

    Parameters
    ----------
    artifact_manager : ArtifactManager
        What gets them.
    collection, artifact, version : str
        Which version.
    """

    def __init__(
        self, artifact_manager: ArtifactManager, collection: str, artifact: str, version: str
    ) -> None:
        self._manager = artifact_manager
        self.collection, self.artifact, self.version = collection, artifact, version
        self._folders: list[tempfile.TemporaryDirectory[str]] = []

    def __enter__(self) -> Path:
        folder = tempfile.TemporaryDirectory(prefix="whence-")
        try:
            path = self._manager.download_artifact(
                self.artifact, self.collection, self.version, Path(folder.name)
            )
        except BaseException:
            folder.cleanup()
            raise
        self._folders.append(folder)
        assert isinstance(path, Path)
        return path

    def __exit__(
        self,
        exctype: type[BaseException] | None = None,
        excinst: BaseException | None = None,
        exctb: TracebackType | None = None,
    ) -> None:
        self._folders.pop().cleanup()

    def __repr__(self) -> str:
        return f"<TmpArtifact {self.collection}/{self.artifact} {self.version}>"
