"""Versions on an MLflow tracking server.

An artifact is a registered model, whose version n is ``v<n-1>``: the server gives out the numbers.
The files are artifacts of a run made for them, below ``files``, beside ``manifest.json``; the model
version is made last, so what is not whole is not seen.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote, urlsplit

from whence.artifacts.backend import Address
from whence.artifacts.content import Source
from whence.artifacts.deposit import Watch
from whence.artifacts.meter import unwatched
from whence.artifacts.version import Draft, Entry, Manifest, Version
from whence.base.digest import digest_bytes, digest_file
from whence.base.error import MissingExtraError, StoreError
from whence.store.claim import refuse_twin

T = TypeVar("T")

_TRIES = 20
_COLLECTION, _ARTIFACT = "whence.collection", "whence.artifact"
_DELETED, _FAILED = "whence.deleted", "whence.failed"
_MANIFEST = "manifest.json"
_TAKEN = "RESOURCE_ALREADY_EXISTS"
_BUSY = ("INTERNAL_ERROR", "REQUEST_LIMIT_EXCEEDED", "TEMPORARILY_UNAVAILABLE")


class MlflowBackend:
    """Keeps versions on an MLflow server (see `Backend`).

    Parameters
    ----------
    tracking_uri : str, optional
        The URL of the server; what ``MLFLOW_TRACKING_URI`` says if not given.

    Raises
    ------
    MissingExtraError
        If MLflow is not installed.
    """

    def __init__(self, tracking_uri: str | None = None) -> None:
        try:
            import mlflow
        except ImportError as error:
            raise MissingExtraError.needed("mlflow", "mlflow", "an MLflow server") from error
        self.uri = tracking_uri or str(mlflow.get_tracking_uri())
        self._client: Any = _Patient(mlflow.MlflowClient(self.uri, self.uri))
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<MlflowBackend of {urlsplit(self.uri).hostname or self.uri!r}>"  # no password

    def __reduce__(self) -> Any:
        return type(self), (self.uri,)

    def collections(self) -> list[str]:
        """The names of the collections that have a version that is not deleted, sorted."""
        return sorted({version.collection for version in self.versions() if not version.deleted})

    def versions(self, collection: str | None = None, artifact: str | None = None) -> list[Version]:
        """The versions there are, with the tombstones of deleted ones."""
        with _told(f"list versions on {self.uri!r}"):
            if collection is not None and artifact is not None:
                return self._versions(collection, artifact)
            found: list[Version] = []
            for model in self._models():
                if collection in (None, model.tags[_COLLECTION]):
                    found += self._versions(model.tags[_COLLECTION], model.tags[_ARTIFACT])
            return sorted(found, key=lambda version: version[:3])

    def aliases(self, collection: str, artifact: str) -> dict[str, str]:
        """The names of the versions of an artifact that its aliases point to."""
        with _told(f"read aliases on {self.uri!r}"):
            model = self._client.get_registered_model(_model(collection, artifact))
            return {
                alias: f"v{int(number) - 1}"
                for alias, number in sorted(dict(model.aliases).items())
            }

    def put(
        self, collection: str, artifact: str, draft: Draft, watch: Watch = unwatched
    ) -> Version:
        """Keep a new version."""
        with _told(f"keep {collection}/{artifact} on {self.uri!r}"):
            name = self._registered(collection, artifact)
            tags = {_COLLECTION: collection, _ARTIFACT: artifact}
            run = self._client.create_run(self._experiment(collection), tags=tags).info.run_id
            try:
                self._upload(run, draft, watch)
                self._client.set_terminated(run)
                tags |= {_FAILED: "true"} if draft.failed else {}
                number = self._numbered(name, run, tags)
            except BaseException as error:
                self._give_up(run, error)
                raise
        return Version(collection, artifact, number - 1, failed=draft.failed, key=run)

    def manifest(self, version: Version) -> Manifest:
        """What is in a version."""
        with _told(f"read {version} on {self.uri!r}"), self._fetch(version, _MANIFEST) as file:
            return Manifest.of(file.read(), str(version))

    def open(self, version: Version, manifest: Manifest, path: str) -> BinaryIO:
        """One of its files, to be read from."""
        with _told(f"read {path!r} of {version} on {self.uri!r}"):
            return self._fetch(version, f"files/{path}")

    def locate(
        self, versions: Mapping[Version, Manifest], digests: Collection[str]
    ) -> dict[str, Source]:
        """Nothing: the server has it all."""
        return {}

    def alias(self, collection: str, artifact: str, alias: str, version: Version | None) -> None:
        """Let an alias point to a version from now on, or to none."""
        name = _model(collection, artifact)
        with _told(f"set the alias {alias!r} on {self.uri!r}"):
            if version is None:
                self._client.delete_registered_model_alias(name, alias)
            else:
                self._client.set_registered_model_alias(name, alias, str(version.number + 1))

    def delete(self, version: Version) -> None:
        """Leave only the tombstone of a version."""
        name = _model(version.collection, version.artifact)
        with _told(f"delete {version} on {self.uri!r}"):
            number = str(version.number + 1)
            self._client.set_model_version_tag(name, number, _DELETED, "true")
            self._client.delete_run(version.key)

    def address(self, version: Version) -> Address:
        """Where fsspec finds its files."""
        parts = (version.collection, version.artifact, version.name)
        url = "whence://" + "/".join(quote(part, safe=" ") for part in parts)
        return Address(url, {"mlflow": self.uri})

    def _models(self) -> Iterator[Any]:
        for model in _pages(self._client.search_registered_models):
            if _COLLECTION in model.tags and _ARTIFACT in model.tags:
                yield model

    def _versions(self, collection: str, artifact: str) -> list[Version]:
        asked = f"name = '{_model(collection, artifact)}'"
        found = [
            Version(
                collection,
                artifact,
                int(one.version) - 1,
                deleted=_DELETED in one.tags,
                failed=_FAILED in one.tags,
                key=one.run_id,
            )
            for one in _pages(self._client.search_model_versions, filter_string=asked)
        ]
        return sorted(found, key=lambda version: version.number)

    def _registered(self, collection: str, artifact: str) -> str:
        """The name of the model, which is made if it is not there."""
        from mlflow.exceptions import MlflowException

        name = _model(collection, artifact)
        with self._lock:
            try:
                self._client.get_registered_model(name)
                return name
            except MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
            models = [(m.tags[_COLLECTION], m.tags[_ARTIFACT]) for m in self._models()]
            refuse_twin(collection, sorted({above for above, _ in models}))
            refuse_twin(artifact, [leaf for above, leaf in models if above == collection])
            tags = {_COLLECTION: collection, _ARTIFACT: artifact}
            self._once(lambda: self._client.create_registered_model(name, tags))
        return name

    def _experiment(self, collection: str) -> str:
        name = f"whence: {collection}"
        found = self._client.get_experiment_by_name(name)
        if found is None:
            self._once(lambda: self._client.create_experiment(name))
            found = self._client.get_experiment_by_name(name)
        return str(found.experiment_id)

    def _once(self, make: Callable[[], object]) -> None:
        """Make what another process may be making just now."""
        from mlflow.exceptions import MlflowException

        try:
            make()
        except MlflowException as error:
            if error.error_code != _TAKEN:
                raise

    def _upload(self, run: str, draft: Draft, watch: Watch) -> None:
        with tempfile.TemporaryDirectory(prefix="whence-") as folder:
            entries: list[Entry] = []
            for path in draft.paths:
                what, target = draft.pieces[path], Path(folder, "files", path)
                target.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(what, bytes):
                    target.write_bytes(what)
                    entries.append(Entry(path, digest_bytes(what), len(what)))
                else:
                    shutil.copyfile(what, target)
                    entries.append(Entry(path, digest_file(target), target.stat().st_size))
            Path(folder, _MANIFEST).write_bytes(draft.manifest(entries).to_bytes())
            self._client.log_artifact(run, str(Path(folder, _MANIFEST)))
            for entry in entries:
                target = Path("files", entry.path)
                self._client.log_artifact(run, str(Path(folder, target)), str(target.parent))
                watch(entry.size)

    def _give_up(self, run: str, reason: BaseException) -> None:
        """Delete the run of a version that came to nothing; what made it so is what is told."""
        try:
            self._client.delete_run(run)
        except Exception as error:  # the server that failed before is likely to fail again
            reason.add_note(f"The run {run} that was begun for it is left on the server: {error}")

    def _numbered(self, name: str, run: str, tags: dict[str, str]) -> int:
        """Have the server give out a number."""
        source = self._client.get_run(run).info.artifact_uri
        made = self._client.create_model_version(name, source, run, tags=tags, await_creation_for=0)
        return int(made.version)

    def _fetch(self, version: Version, path: str) -> BinaryIO:
        """A copy of a file of the version's run, which is gone when it is closed."""
        with tempfile.TemporaryDirectory(prefix="whence-") as folder:
            return Path(self._client.download_artifacts(version.key, path, folder)).open("rb")


class _Patient:
    """A client of MLflow that asks again where the server had too much to do.

    It says so in many ways: it gives up giving out a number that others ask for too, its database
    is locked, or has no connection left.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._client, name)
        return lambda *args, **options: _asked(name, lambda: call(*args, **options))


def _asked(name: str, call: Callable[[], T]) -> T:
    from mlflow.exceptions import MlflowException

    for _ in range(_TRIES):
        try:
            return call()
        except MlflowException as error:
            numbered = name == "create_model_version" and error.error_code == _TAKEN
            if not numbered and error.error_code not in _BUSY and not _tells_busy(str(error)):
                raise
        time.sleep(0.05 * (1 + os.urandom(1)[0] / 64))
    return call()


def _tells_busy(message: str) -> bool:
    return "giving up" in message.lower() or "QueuePool limit" in message


def _model(collection: str, artifact: str) -> str:
    """The name of the registered model: in letters that MLflow and its filters take as they are."""
    return ".".join(quote(part, safe=" ").replace(".", "%2E") for part in (collection, artifact))


def _pages(search: Callable[..., Any], **asked: Any) -> Iterator[Any]:
    token = None
    while True:
        page = search(**asked, max_results=1000, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


@contextmanager
def _told(doing: str) -> Iterator[None]:
    """Turn what MLflow raises into an error that says what was being done."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        raise StoreError.of(
            "artifact-store",
            f"cannot {doing}: {error}",
            mend="Check the URL of the server, and that it runs.",
        ) from error
