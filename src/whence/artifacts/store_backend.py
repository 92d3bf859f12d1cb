"""Versions in a whence store, tied to the runs that logged and read them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO
from urllib.parse import quote

from whence.artifacts.backend import Address
from whence.artifacts.content import Source, kept
from whence.artifacts.deposit import Watch
from whence.artifacts.meter import unwatched
from whence.artifacts.version import MANIFEST_TYPE, Draft, Entry, Manifest, Version
from whence.base.error import StoreError, UserError
from whence.formats import listener, media_type_of
from whence.records import Artifact
from whence.store import (
    Content,
    Store,
    aliases,
    claim_number,
    enclosing_run,
    version_id,
    versions,
)
from whence.store.layout import SMALL

_MANY = 10_000  # files that one line tells of


class StoreBackend:
    """Keeps versions in a store (see `Backend`).

    Parameters
    ----------
    store : Store or path-like, optional
        A store, a project folder or its ``.whence``; if not given, that of `run`, else the one
        found upward from the working directory, or a new one.
    run : Run or str, optional
        The run that versions come from and go to: what is logged is an output of it, and what is
        read an input. If not given, the one in whose ``with`` block that is done, else the one
        that this process was started by with `whence run`; it must be in the same store.

    Examples
    --------
    >>> import tempfile
    >>> from whence.artifacts import ArtifactManager
    >>> store = Store.create(tempfile.mkdtemp())
    >>> manager = ArtifactManager("models", StoreBackend(store))
    >>> manager.log_artifact({"layers": 3}, "net").metadata["version"]
    'v0'
    >>> manager.get_artifact("net")
    {'layers': 3}
    >>> store.writer().close()
    """

    def __init__(
        self, store: Store | str | os.PathLike[str] | None = None, run: Any = None
    ) -> None:
        if store is None:
            store = getattr(run, "store", None) or Store.find_or_create()
        self.store = store if isinstance(store, Store) else Store.open(store)
        self._run = run
        self._taken: set[tuple[str, Version, str | None]] = set()

    def __repr__(self) -> str:
        return f"StoreBackend({str(self.store.root)!r}{f', {self.run!r}' if self.run else ''})"

    def __reduce__(self) -> Any:
        return type(self), (str(self.store.root), self.run)

    @property
    def run(self) -> str | None:
        """The id of the run that versions come from and go to, in this context."""
        if self._run is not None:
            return self._run if isinstance(self._run, str) else str(self._run.id)
        root = self.store.root
        around: str | None = getattr(listener(), "run_in", lambda _: None)(root)
        return around or enclosing_run(root)

    def collections(self) -> list[str]:
        """The names of the collections that have a version that is not deleted, sorted."""
        rows = self.store.index().connection.execute(
            "SELECT DISTINCT collection FROM version LEFT JOIN gone USING (collection, artifact, "
            "number, writer) WHERE NOT ifnull(deleted, 0) ORDER BY collection"
        )
        return [row[0] for row in rows]

    def versions(self, collection: str | None = None, artifact: str | None = None) -> list[Version]:
        """The versions there are, with the tombstones of deleted ones."""
        db = self.store.index().connection
        return list(map(Version._make, versions(db, collection, artifact)))

    def aliases(self, collection: str, artifact: str) -> dict[str, str]:
        """The names of the versions of an artifact that its aliases point to."""
        found = aliases(self.store.index().connection, collection, artifact)
        names = {(v.number, v.key): v.name for v in self.versions(collection, artifact)}
        return {alias: names[place] for alias, place in found.items() if place in names}

    def put(
        self, collection: str, artifact: str, draft: Draft, watch: Watch = unwatched
    ) -> Version:
        """Keep a new version."""
        run, writer = self.run, self.store.writer()
        manifest = draft.manifest(self._keep(draft, watch))
        listed = writer.put(manifest.to_bytes())
        number = claim_number(
            self.store.files,
            self.store.root,
            collection,
            artifact,
            lambda: [(one.artifact, one.number) for one in self.versions(collection)],
        )
        version = Version(
            collection, artifact, number, "", False, draft.failed, run, listed.digest, writer.id
        )
        told = {
            "type": MANIFEST_TYPE,
            "digest": listed.digest,
            "count": len(manifest.files),
            "bytes": sum(entry.size for entry in manifest.files),
            **({"run": run} if run else {}),
            **({"failed": True} if draft.failed else {}),
        }
        writer.append("version", version_id(collection, artifact, number, writer.id), told)
        if run:
            self._attach(run, "output", {version: manifest})
        return version

    def manifest(self, version: Version) -> Manifest:
        """What is in a version."""
        assert version.digest is not None
        return Manifest.of(self.store.get(version.digest), str(version))

    def open(self, version: Version, manifest: Manifest, path: str) -> BinaryIO:
        """One of its files, to be read from."""
        entry, run = manifest.entry(path), self.run
        assert entry is not None
        content = self.store.open_content(entry.digest)
        if run and self._taken.isdisjoint([(run, version, None), (run, version, path)]):
            self._taken.add((run, version, path))
            self._attach(run, "input", {version: replace(manifest, files=(entry,))})
        return content

    def locate(
        self, versions: Mapping[Version, Manifest], digests: Collection[str]
    ) -> dict[str, Source]:
        """Where the store keeps those of their contents; the run has taken all of them in."""
        run = self.run
        if run:
            new = {v: m for v, m in versions.items() if (run, v, None) not in self._taken}
            self._taken.update((run, version, None) for version in new)
            self._attach(run, "input", new)
        sizes = {e.digest: e.size for m in versions.values() for e in m.files}
        return kept(
            self.store,
            (Artifact("", "input", "", one, sizes[one], _kept(sizes[one])) for one in digests),
        )

    def alias(self, collection: str, artifact: str, alias: str, version: Version | None) -> None:
        """Let an alias point to a version from now on, or to none."""
        place = {"number": version.number, "writer": version.key} if version else {"number": None}
        self.store.index()  # so that this line comes after what is there to be replaced
        self.store.writer().append("alias", f"{collection}/{artifact}", {"alias": alias, **place})

    def delete(self, version: Version) -> None:
        """Leave only the tombstone of a version."""
        self.store.index()
        self.store.writer().append("delete", _id(version), {})

    def restore(self, version: Version) -> None:
        """Take the deletion of a version back, which gc may have made final since.

        Raises
        ------
        StoreError
            If it is final.
        """
        self.store.writer().append("undelete", _id(version), {})
        found = self.versions(version.collection, version.artifact)
        if any(one[:4] == version[:4] and one.deleted for one in found):
            raise StoreError.of("deleted-for-good", f"gc has collected {version}")

    def address(self, version: Version) -> Address:
        """Where fsspec finds its files."""
        parts = (version.collection, version.artifact, version.name)
        url = "whence://" + "/".join(quote(part, safe=" ") for part in parts)
        return Address(url, {"store": str(self.store.root)})

    def _keep(self, draft: Draft, watch: Watch) -> list[Entry]:
        found: list[Entry] = []
        files = {path: str(what) for path, what in draft.pieces.items() if not _is_bytes(what)}
        contents = self.store.writer().put_files(files.values(), "copy", watch)
        put = dict(zip(files, contents, strict=True))
        problems = [p for c in put.values() if isinstance(c, UserError) for p in c.problems]
        if problems:
            raise UserError(*problems)
        for path in draft.paths:
            content = put[path] if path in put else self._put(draft.pieces[path], watch)
            assert isinstance(content, Content)
            found.append(Entry(path, content.digest, content.size))
        return found

    def _put(self, data: Any, watch: Watch) -> Content:
        content = self.store.writer().put(data)
        watch(content.size)
        return content

    def _attach(self, run: str, category: str, versions: Mapping[Version, Manifest]) -> None:
        """Put versions, or files of them, on record as what a run took in or put out."""
        facts = [
            facts
            for version, manifest in versions.items()
            for facts in _facts(version, manifest, category)
        ]
        self.store.writer().append_many("artifacts", run, facts)


def _facts(version: Version, manifest: Manifest, category: str) -> Iterator[dict[str, Any]]:
    types: dict[str, int] = {}
    endings: dict[str, int] = {}
    files = []
    for entry in manifest.files:
        ending = "".join(entry.path.rpartition("/")[2].partition(".")[1:])
        if ending not in endings:
            told = manifest.type or media_type_of(f"x{ending}")
            endings[ending] = types.setdefault(told, len(types))
        files.append([entry.path, entry.digest, entry.size, endings[ending]])
    lead = f"{version.collection}/{version.artifact}/{version.name}/"
    for start in range(0, len(files), _MANY):
        some = files[start : start + _MANY]
        yield {"category": category, "lead": lead, "types": list(types), "files": some}


def _kept(size: int) -> str:
    return "pack" if size < SMALL else "object"


def _is_bytes(what: object) -> bool:
    return isinstance(what, bytes)


def _id(version: Version) -> str:
    return version_id(version.collection, version.artifact, version.number, version.key)
