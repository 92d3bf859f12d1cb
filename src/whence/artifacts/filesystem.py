"""``whence://collection/artifact/v3/path``: versions as files for fsspec, to be read only."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import fsspec
from fsspec import AbstractFileSystem

from whence.artifacts.backend import Backend
from whence.artifacts.find import resolve
from whence.artifacts.version import Entry, Manifest, Version
from whence.base.error import UserError

PROTOCOL = "whence"


class VersionFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """The files of versions that a store or an MLflow server keeps.

    Parameters
    ----------
    store : str, optional
        The store's folder; found upward from the working directory if nothing is given.
    mlflow : str, optional
        The URL of the MLflow server.
    """

    protocol = PROTOCOL
    cachable = False

    def __init__(self, store: str | None = None, mlflow: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._backend = _backend(store, mlflow)
        self._found: dict[str, tuple[Version, Manifest]] = {}

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        """The path, as it is spelled after ``whence://``."""
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        return str(path).removeprefix(f"{PROTOCOL}://").strip("/")

    def ls(self, path: str, detail: bool = True, **options: Any) -> list[Any]:
        """What is in a version, or in a folder of it."""
        lead, version, manifest, inner = self._split(path)
        itself = manifest.entry(inner)
        found = self._below(lead, manifest, inner) if itself is None else [self._file(lead, itself)]
        if not found and inner and inner not in manifest.folders:
            raise FileNotFoundError(2, f"{version} has no {inner!r}")
        return found if detail else [one["name"] for one in found]

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        """What is known of a file or folder."""
        lead, _, manifest, inner = self._split(path)
        entry = manifest.entry(inner)
        if entry is not None:
            return self._file(lead, entry)
        self.ls(path)
        return _folder(lead, inner)

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        _, version, manifest, inner = self._split(path)
        if mode != "rb":
            raise PermissionError(1, "versions of artifacts never change: log another")
        if manifest.entry(inner) is None:
            raise FileNotFoundError(2, f"{version} has no file {inner!r}")
        return self._backend.open(version, manifest, inner)

    def _below(self, lead: str, manifest: Manifest, inner: str) -> list[dict[str, Any]]:
        """The files and folders that lie directly in a folder."""
        below = f"{inner}/" if inner else ""
        found: dict[str, dict[str, Any]] = {}
        for entry in manifest.files:
            if entry.path.startswith(below):
                name, slash, _ = entry.path[len(below) :].partition("/")
                path = below + name
                found[path] = _folder(lead, path) if slash else self._file(lead, entry)
        for folder in manifest.folders:
            if f"{folder}/".startswith(below) and folder != inner:
                path = below + folder[len(below) :].partition("/")[0]
                found.setdefault(path, _folder(lead, path))
        return [found[path] for path in sorted(found)]

    def _file(self, lead: str, entry: Entry) -> dict[str, Any]:
        return {"name": f"{lead}/{entry.path}", "type": "file", "size": entry.size}

    def _split(self, path: str) -> tuple[str, Version, Manifest, str]:
        parts = self._strip_protocol(path).split("/", 3)
        if len(parts) < 3:
            raise FileNotFoundError(2, f"{path!r} is not whence://collection/artifact/version/…")
        lead = "/".join(parts[:3])
        if lead not in self._found:
            collection, artifact, name = map(unquote, parts[:3])
            try:
                version = resolve(self._backend, collection, artifact, name)
            except UserError as error:
                raise FileNotFoundError(2, str(error)) from error
            self._found[lead] = version, self._backend.manifest(version)
        return lead, *self._found[lead], parts[3] if len(parts) > 3 else ""


def _folder(lead: str, path: str) -> dict[str, Any]:
    return {"name": f"{lead}/{path}".rstrip("/"), "type": "directory", "size": 0}


def register() -> None:
    """Have fsspec know ``whence://``, where the package's entry points are not installed."""
    fsspec.register_implementation(PROTOCOL, VersionFileSystem, clobber=True)


def _backend(store: str | None, mlflow: str | None) -> Backend:
    if mlflow is not None:
        from whence.artifacts.mlflow_backend import MlflowBackend

        return MlflowBackend(mlflow)
    from whence.artifacts.store_backend import StoreBackend

    return StoreBackend(store)
