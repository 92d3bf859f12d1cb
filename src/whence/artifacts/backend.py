"""What an artifact manager asks of the place where versions are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

from whence.artifacts.content import Source
from whence.artifacts.deposit import Watch
from whence.artifacts.meter import unwatched
from whence.artifacts.version import Draft, Manifest, Version


@dataclass(frozen=True, slots=True)
class Address:
    """Where the files of a version can be read: an fsspec URL and its storage options."""

    url: str
    options: Mapping[str, Any] = field(default_factory=dict)


class Backend(Protocol):
    """Keeps versions. Safe to use from any thread, and by any number of processes at once.

    A version is there whole or not at all, never changes, and its number is never another's, not
    even after it was deleted. Names have been checked before they come here. Whatever cannot be
    done raises a `WhenceError`. It can be pickled, for others of these processes.
    """

    def collections(self) -> list[str]:
        """The names of the collections that have a version that is not deleted, sorted."""

    def versions(self, collection: str | None = None, artifact: str | None = None) -> list[Version]:
        """The versions there are, by name and number, with the tombstones of deleted ones."""

    def aliases(self, collection: str, artifact: str) -> dict[str, str]:
        """The names of the versions of an artifact that its aliases point to."""

    def put(
        self, collection: str, artifact: str, draft: Draft, watch: Watch = unwatched
    ) -> Version:
        """Keep a new version; `watch` is told of its bytes as they are kept."""

    def manifest(self, version: Version) -> Manifest:
        """What is in a version that is not deleted."""

    def open(self, version: Version, manifest: Manifest, path: str) -> BinaryIO:
        """One of its files, to be read from; its bytes are not checked."""

    def locate(
        self, versions: Mapping[Version, Manifest], digests: Collection[str]
    ) -> Mapping[str, Source]:
        """Where those of their contents lie that are files of this machine, by digest.

        The versions count as read, whatever of them is read then.
        """

    def alias(self, collection: str, artifact: str, alias: str, version: Version | None) -> None:
        """Let an alias point to a version from now on, or to none."""

    def delete(self, version: Version) -> None:
        """Leave only the tombstone of a version."""

    def address(self, version: Version) -> Address:
        """Where fsspec finds its files; asks nobody."""
