"""Named content: attached to runs, and in versions in collections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.artifacts.content import Kept, open_content
from whence.artifacts.deposit import Deposit, Label, Mode, facts_of, place
from whence.artifacts.fetch import Fetched, Request, fetch, two_meanings
from whence.artifacts.meter import Progress
from whence.artifacts.save import (
    Manner,
    Owner,
    preserved,
    save_all,
    save_directory,
    save_file,
    save_object,
)
from whence.artifacts.sink import Sink, attach
from whence.base.lazy import lazily

if TYPE_CHECKING:
    from whence.artifacts.backend import Address, Backend
    from whence.artifacts.catalog import Catalog, CatalogSource
    from whence.artifacts.context import DirectoryLogger, TmpArtifact
    from whence.artifacts.draft import draft_of
    from whence.artifacts.folder_backend import FolderBackend
    from whence.artifacts.manager import ArtifactManager
    from whence.artifacts.mlflow_backend import MlflowBackend
    from whence.artifacts.source import CatalogKey, Source, register_source
    from whence.artifacts.store_backend import StoreBackend
    from whence.artifacts.version import Draft, Entry, Manifest, Version

# Recording a run does not need them.
_HOMES = {
    "backend": ("Address", "Backend"),
    "catalog": ("Catalog", "CatalogSource"),
    "context": ("DirectoryLogger", "TmpArtifact"),
    "draft": ("draft_of",),
    "folder_backend": ("FolderBackend",),
    "manager": ("ArtifactManager",),
    "mlflow_backend": ("MlflowBackend",),
    "source": ("CatalogKey", "Source", "register_source"),
    "store_backend": ("StoreBackend",),
    "version": ("Draft", "Entry", "Manifest", "Version"),
}

__all__ = [
    "Address",
    "ArtifactManager",
    "Backend",
    "Catalog",
    "CatalogKey",
    "CatalogSource",
    "DirectoryLogger",
    "Draft",
    "Entry",
    "FolderBackend",
    "Manifest",
    "MlflowBackend",
    "Source",
    "StoreBackend",
    "TmpArtifact",
    "Version",
    "draft_of",
    "Deposit",
    "Fetched",
    "Kept",
    "Label",
    "Manner",
    "Mode",
    "Owner",
    "Progress",
    "Request",
    "Sink",
    "attach",
    "facts_of",
    "fetch",
    "open_content",
    "place",
    "preserved",
    "register_source",
    "save_all",
    "save_directory",
    "save_file",
    "save_object",
    "two_meanings",
]

__getattr__ = lazily(__name__, _HOMES)
