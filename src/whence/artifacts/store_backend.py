"""Versions in a whence store, tied to the runs that logged and read them."""

from __future__ import annotations

import os
from typing import Any, BinaryIO
from urllib.parse import quote

from whence.artifacts.backend import Address
from whence.artifacts.version import MANIFEST_TYPE, Draft, Entry, Manifest, Version
from whence.base.error import StoreError, UserError
from whence.formats import media_type_of
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


class StoreBackend:
    """Keeps versions in a store (see `Backend`).

    Parameters
    ----------
    store : Store or path-like, optional
        A store, a project folder or its ``.whence``; if not given, that of `run`, else the one
        found upward from the working directory, or a new one.
    run : Run or str, optional
        The run that versions come from and go to: what is logged is an output of it, and what is
        read an input. The one that this process was started by with `whence run`, if not given
        and if that is in the same store.

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
        self._run = run if run is not None else enclosing_run(self.store.root)
        self._taken: set[tuple[str, str]] = set()

    @property
    def run(self) -> str | None:
        """The id of the run that versions come from and go to."""
        return self._run if isinstance(self._run, str | None) else str(self._run.id)

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

    def put(self, collection: str, artifact: str, draft: Draft) -> Version:
        """Keep a new version."""
        run, writer = self.run, self.store.writer()
        manifest = draft.manifest(self._keep(draft))
        listed = writer.put(manifest.to_bytes())
        number = claim_number(self.store.files, self.store.root, collection, artifact)
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
            self._attach(run, version, manifest, manifest.files, "output")
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
        if run and (run, f"{version}/{path}") not in self._taken:
            self._taken.add((run, f"{version}/{path}"))
            self._attach(run, version, manifest, (entry,), "input")
        return content

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

    def _keep(self, draft: Draft) -> list[Entry]:
        found: list[Entry] = []
        files = {path: str(what) for path, what in draft.pieces.items() if not _is_bytes(what)}
        contents = self.store.writer().put_files(files.values(), "copy")
        kept = dict(zip(files, contents, strict=True))
        problems = [p for c in kept.values() if isinstance(c, UserError) for p in c.problems]
        if problems:
            raise UserError(*problems)
        for path in draft.paths:
            content = kept[path] if path in kept else self._put(draft.pieces[path])
            assert isinstance(content, Content)
            found.append(Entry(path, content.digest, content.size))
        return found

    def _put(self, data: Any) -> Content:
        return self.store.writer().put(data)

    def _attach(
        self,
        run: str,
        version: Version,
        manifest: Manifest,
        entries: tuple[Entry, ...],
        category: str,
    ) -> None:
        lead = f"{version.collection}/{version.artifact}/{version.name}"
        facts = [
            {
                "name": f"{lead}/{entry.path}",
                "category": category,
                "type": manifest.type or media_type_of(entry.path),
                "digest": entry.digest,
                "size": entry.size,
                "kept": "pack" if entry.size < SMALL else "object",
            }
            for entry in entries
        ]
        self.store.writer().append_many("artifact", run, facts)


def _is_bytes(what: object) -> bool:
    return isinstance(what, bytes)


def _id(version: Version) -> str:
    return version_id(version.collection, version.artifact, version.number, version.key)
