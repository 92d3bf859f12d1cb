"""Artifacts in collections: logged as new versions, found again, brought back."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, SupportsIndex

from whence.artifacts.backend import Backend
from whence.artifacts.bring import bring
from whence.artifacts.catalog import Catalog, CatalogSource, Held
from whence.artifacts.context import DirectoryLogger, TmpArtifact
from whence.artifacts.draft import draft_of
from whence.artifacts.find import latest, resolve
from whence.artifacts.meter import Meter, Progress
from whence.artifacts.source import Source
from whence.artifacts.target import damaged_on_arrival
from whence.artifacts.version import Draft, Entry, Version, checked, checked_alias
from whence.base.digest import digest_bytes
from whence.base.error import UserError
from whence.formats import dump, format_of, load, media_type_of
from whence.records import Artifact

_WORKERS = 8
_PIECE = 1 << 20


class ArtifactManager:
    """Logs artifacts as new versions in collections, and gets them back.

    Versions are called ``v0``, ``v1``, …; they never change, are never renumbered, and are there
    whole or not at all, however many processes log at once. Wherever a version is asked for,
    ``latest`` is the newest one whose work did not fail, and an alias the one it points to.

    Parameters
    ----------
    collection : str
        The active collection, where no other is given.
    backend : Backend or path-like, optional
        Where versions are kept: a `StoreBackend`, `FolderBackend` or `MlflowBackend`; a URL or path
        means a folder there; the store found upward from the working directory if not given.
    progress : callable, optional
        Called with bytes done, bytes in all and a note while something is logged or brought that
        takes over a second.

    Examples
    --------
    >>> manager = ArtifactManager("models", "memory://shelf")
    >>> manager.log_artifact({"layers": 3}, "net").metadata["version"]
    'v0'
    >>> manager.log_artifact({"layers": 4}, "net").metadata["version"]
    'v1'
    >>> manager.get_artifact("net"), manager.get_artifact("net", version="v0")
    ({'layers': 4}, {'layers': 3})
    """

    def __init__(
        self,
        collection: str = "default",
        backend: Backend | str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._active_collection = checked(collection, "collection")
        if backend is None:
            from whence.artifacts.store_backend import StoreBackend

            backend = StoreBackend()
        elif isinstance(backend, str | os.PathLike):
            from whence.artifacts.folder_backend import FolderBackend

            backend = FolderBackend(backend)
        self.backend: Backend = backend
        self._progress = progress

    def __repr__(self) -> str:
        return f"<ArtifactManager of {self._active_collection!r} in {self.backend!r}>"

    @property
    def active_collection(self) -> str:
        """The collection that is meant where no other is given."""
        return self._active_collection

    @active_collection.setter
    def active_collection(self, collection: str) -> None:
        self._active_collection = checked(collection, "collection")

    def list_collection_names(self) -> Iterable[str]:
        """The names of all collections, sorted."""
        return self.backend.collections()

    def exists(self, artifact: str) -> bool:
        """Whether any collection has an artifact of that name."""
        name = checked(artifact, "artifact")
        return any(v.artifact == name and not v.deleted for v in self.backend.versions())

    def exists_in_collection(self, artifact: str, collection: str | None = None) -> bool:
        """Whether the collection has an artifact of that name."""
        return any(not v.deleted for v in self.backend.versions(*self._place(artifact, collection)))

    def log_artifact(
        self,
        obj: Any,
        name: str,
        collection: str | None = None,
        *,
        media_type: str | None = None,
        allow_pickle: bool = False,
    ) -> CatalogSource:
        """Log an object as a new version.

        Parameters
        ----------
        obj : object
            What one of the formats keeps exactly: arrays, tables, tensors, text, plain values.
        name : str
            The artifact's name.
        collection : str, optional
            Where to; the active collection if not given.
        media_type : str, optional
            What to keep it as, where several would do; see `Run.save_object`.
        allow_pickle : bool
            Pickle what no format keeps.

        Raises
        ------
        UserError
            If the name cannot be, or no format keeps the object; then nothing is logged.
        """
        checked(name, "artifact")
        dumped = dump(obj, media_type=media_type, allow_pickle=allow_pickle)
        end = dumped.format.extensions[0] if dumped.format.extensions else ""
        draft = Draft({f"{name}{end}": dumped.data}, type=dumped.format.media_type)
        return self.log_draft(draft, name, collection)

    def log_files(
        self,
        artifact_name: str,
        local_path: str | os.PathLike[str],
        collection: str | None = None,
        artifact_path: str | os.PathLike[str] | None = None,
    ) -> CatalogSource:
        """Log a file, or all in a folder, as a new version.

        Parameters
        ----------
        artifact_name : str
            The artifact's name.
        local_path : path-like
            The file or folder.
        collection : str, optional
            Where to; the active collection if not given.
        artifact_path : path-like, optional
            The folder in the artifact for a folder's content, or the path that a file gets; a file
            keeps its own name if it is not given or ends in ``/``.

        Raises
        ------
        UserError
            If a name cannot be, or something cannot be read; then nothing is logged.
        """
        checked(artifact_name, "artifact")
        return self.log_draft(draft_of(local_path, artifact_path), artifact_name, collection)

    def log_folder(
        self, artifact: str, collection: str | None = None, *, keep_failed: bool = False
    ) -> DirectoryLogger:
        """A folder for a ``with`` block, whose content is logged after it.

        Parameters
        ----------
        artifact : str
            The artifact's name.
        collection : str, optional
            Where to; the active collection if not given.
        keep_failed : bool
            Log the folder of a block that raised too, marked as failed.
        """
        return DirectoryLogger(self, artifact, collection, keep_failed)

    def log_draft(
        self, draft: Draft, artifact: str, collection: str | None = None
    ) -> CatalogSource:
        """Log what was put together by hand as a new version."""
        if not draft.pieces and not draft.folders:
            raise UserError.of("empty-artifact", f"there is nothing in {artifact!r} to log")
        meter = Meter(self._progress, draft.size if self._progress else 0)
        meter.note = artifact
        version = self.backend.put(*self._place(artifact, collection), draft, meter)
        meter.close()
        catalog = self._catalog([version])
        return catalog[_identifier(version), version.number + 1]

    def get_artifact(
        self,
        artifact: str,
        collection: str | None = None,
        version: str | SupportsIndex | None = None,
        *,
        allow_pickle: bool = False,
    ) -> Any:
        """The object that was logged; of a single file, what its format reads in it.

        Parameters
        ----------
        artifact : str
            The artifact's name.
        collection : str, optional
            Where from; the active collection if not given.
        version : str or int, optional
            ``v3`` or 3, ``latest`` or an alias; the latest if not given.
        allow_pickle : bool
            Load pickled objects, which may run code that is in them.

        Raises
        ------
        UserError
            If there is none, it is a folder of files, or is pickled and may not be loaded.
        """
        found = self._resolve(artifact, collection, version)
        manifest = self.backend.manifest(found)
        if len(manifest.files) != 1:
            raise UserError.of(
                "not-an-object",
                f"{found} is a folder of {len(manifest.files)} files",
                mend=f"download_artifact({artifact!r}) gives the folder.",
            )
        (entry,) = manifest.files
        kind = manifest.type
        if kind is None:
            known = format_of(entry.path)
            kind = known.media_type if known and known.load else media_type_of("x")
        with self.backend.open(found, manifest, entry.path) as file:
            data = self._read(file, entry)
        if digest_bytes(data) != entry.digest:
            raise damaged_on_arrival(Artifact(entry.path, "input", "", entry.digest, entry.size))
        return load(kind, data, allow_pickle=allow_pickle)

    def download_artifact(
        self,
        artifact: str,
        collection: str | None = None,
        version: str | SupportsIndex | None = None,
        to: str | os.PathLike[str] | None = None,
    ) -> Path | TmpArtifact:
        """The files of a version, in a folder.

        Parameters
        ----------
        artifact : str
            The artifact's name.
        collection : str, optional
            Where from; the active collection if not given.
        version : str or int, optional
            ``v3`` or 3, ``latest`` or an alias; the latest, as of now, if not given.
        to : path-like, optional
            The folder to make a folder of the artifact's name in. If not given, a temporary folder
            is made by ``with manager.download_artifact(...) as folder:``.

        Returns
        -------
        Path or TmpArtifact
            The folder with the files, ``<to>/<artifact>``; or what makes a temporary one.

        Raises
        ------
        UserError
            If there is no such version, or other files are in the folder.
        StoreError
            If a file is not as it was logged.
        """
        found = self._resolve(artifact, collection, version)
        if to is None:
            return TmpArtifact(self, found.collection, found.artifact, found.name)
        folder = Path(to, found.artifact)
        place = {"": (found, self.backend.manifest(found))}
        bring(self.backend, place, folder, self._progress)
        return folder

    def download_collection(
        self, collection: str | None = None, to: str | os.PathLike[str] = "./"
    ) -> Catalog:
        """Bring the latest version of each artifact of a collection into a folder.

        Parameters
        ----------
        collection : str, optional
            The active collection if not given.
        to : path-like
            Gets a folder for each artifact.

        Returns
        -------
        Catalog
            All versions in the collection.
        """
        name = self._collection(collection)
        series: dict[str, list[Version]] = {}
        for version in self.backend.versions(name):
            if not version.deleted and not version.failed:
                series.setdefault(version.artifact, []).append(version)
        newest = [latest(found, name, artifact) for artifact, found in series.items()]

        with ThreadPoolExecutor(_WORKERS) as pool:
            manifests = list(pool.map(self.backend.manifest, newest))
        held = zip(newest, manifests, strict=True)
        places = {version.artifact: (version, manifest) for version, manifest in held}
        bring(self.backend, places, Path(to), self._progress)
        return self.collection_to_catalog(name)

    def collection_to_catalog(self, collection: str | None = None) -> Catalog:
        """All versions in a collection that are not deleted, as ``<collection>/<artifact>``.

        ``v0`` is version 1 there.
        """
        return self._catalog(self.backend.versions(self._collection(collection)))

    def store_to_catalog(self) -> Catalog:
        """All versions in all collections."""
        return self._catalog(self.backend.versions())

    def get_artifact_source(
        self,
        artifact: str,
        collection: str | None = None,
        version: str | SupportsIndex | None = None,
        catalog: Catalog | None = None,
    ) -> CatalogSource:
        """Where a version is and what reads it.

        Parameters
        ----------
        artifact : str
            The artifact's name.
        collection : str, optional
            Where from; the active collection if not given.
        version : str or int, optional
            ``v3`` or 3, ``latest`` or an alias; the latest if not given.
        catalog : Catalog, optional
            What the source stands in; it need not be there itself. One of this source alone if
            not given.

        Raises
        ------
        UserError
            If there is none.
        """
        found = self._resolve(artifact, collection, version)
        source, place = self._source(found), (_identifier(found), found.number + 1)
        told = (source.driver_name, source.driver_kwargs, source.metadata)
        return CatalogSource(
            *told, *place, Catalog({place: source}) if catalog is None else catalog
        )

    def versions(self, artifact: str, collection: str | None = None) -> list[Version]:
        """The versions of an artifact, those of which only the tombstone is left too."""
        return self.backend.versions(*self._place(artifact, collection))

    def set_alias(
        self,
        artifact: str,
        alias: str,
        version: str | SupportsIndex | None,
        collection: str | None = None,
    ) -> None:
        """Let an alias point to a version from now on; to none if it is None."""
        found = None if version is None else self._resolve(artifact, collection, version)
        place = self._place(artifact, collection)
        self.backend.alias(*place, checked_alias(alias), found)

    def aliases(self, artifact: str, collection: str | None = None) -> dict[str, str]:
        """The versions that the aliases of an artifact point to; not those that are deleted."""
        place = self._place(artifact, collection)
        there = {version.name for version in self.backend.versions(*place) if not version.deleted}
        found = self.backend.aliases(*place)
        return {alias: version for alias, version in found.items() if version in there}

    def delete(
        self, artifact: str, version: str | SupportsIndex, collection: str | None = None
    ) -> None:
        """Delete a version: its tombstone stays, and its number is never given again.

        A warning tells which aliases pointed to it.
        """
        found = self._resolve(artifact, collection, version)
        aliases = self.aliases(found.artifact, found.collection)
        self.backend.delete(found)
        led = [repr(alias) for alias, name in sorted(aliases.items()) if name == found.name]
        if led:
            what = "alias" if len(led) == 1 else "aliases"
            told = f"{found} was deleted, which the {what} {', '.join(led)} pointed to"
            warnings.warn(f"{told}; set_alias lets it point elsewhere", stacklevel=2)

    def _read(self, file: BinaryIO, entry: Entry) -> bytes:
        if self._progress is None:
            return file.read(entry.size + 1)
        meter, data = Meter(self._progress, entry.size), bytearray()
        meter.note = entry.path
        while len(data) <= entry.size and (piece := file.read(_PIECE)):
            data += piece
            meter(len(piece))
        meter.close()
        return bytes(data)

    def _resolve(
        self, artifact: str, collection: str | None, version: str | SupportsIndex | None
    ) -> Version:
        return resolve(self.backend, *self._place(artifact, collection), version)

    def _place(self, artifact: str, collection: str | None) -> tuple[str, str]:
        return self._collection(collection), checked(artifact, "artifact")

    def _collection(self, collection: str | None) -> str:
        return self._active_collection if collection is None else checked(collection, "collection")

    def _catalog(self, versions: Iterable[Version]) -> Catalog:
        held: Held = {}
        for version in versions:
            if not version.deleted:
                held.setdefault(_identifier(version), {})[version.number + 1] = version
        return Catalog.later(held, self._source)

    def _source(self, version: Version) -> Source:
        address = self.backend.address(version)
        kwargs: dict[str, Any] = {"url": address.url}
        if address.options:
            kwargs["storage_options"] = dict(address.options)
        told = {
            "collection": version.collection,
            "artifact": version.artifact,
            "version": version.name,
            **({"run": version.run} if version.run else {}),
            **({"failed": True} if version.failed else {}),
        }
        return Source("directory", kwargs, told)


def _identifier(version: Version) -> str:
    place = f"{version.collection}/{version.artifact}"
    return f"{place}~{version.twin}" if version.twin else place
