"""Which version of an artifact is meant."""

from __future__ import annotations

import operator
from typing import SupportsIndex

from whence.artifacts.backend import Backend
from whence.artifacts.version import LATEST, UnknownArtifact, Version, number_of
from whence.base.problem import did_you_mean


def resolve(
    backend: Backend, collection: str, artifact: str, asked: str | SupportsIndex | None
) -> Version:
    """The version that is meant: ``v3`` or 3, ``latest``, an alias; the latest if None.

    The latest is the one with the highest number whose work ended well.

    Raises
    ------
    UnknownArtifact
        If there is none, or it was deleted.
    """
    name = _named(asked)
    found = backend.versions(collection, artifact)
    there = [version for version in found if not version.deleted]
    if not there:
        raise _unknown_artifact(backend, collection, artifact, bool(found))
    if name is None or name == LATEST:
        return latest(there, collection, artifact)
    numbered = number_of(name)
    if numbered is None:
        known = backend.aliases(collection, artifact)
        if name not in known:
            raise _unknown_version(there, name, list(known))
        numbered = number_of(known[name])
        assert numbered is not None
    number, twin = numbered
    same = [v for v in found if v.number == number]
    fitting = [v for v in same if (v.twin == "") == (twin == "") and v.twin.startswith(twin)]
    if len(fitting) != 1:
        raise _unknown_version(there, name, [v.name for v in same])
    if fitting[0].deleted:
        raise UnknownArtifact.of(
            "deleted-version",
            f"{fitting[0]} was deleted",
            mend=f"There is {', '.join(v.name for v in there[-5:])}.",
        )
    return fitting[0]


def _named(asked: str | SupportsIndex | None) -> str | None:
    """The name of a version, which may be given by its number alone."""
    if asked is None or isinstance(asked, str):
        return asked
    try:
        number = -1 if isinstance(asked, bool) else operator.index(asked)
    except TypeError:
        number = -1
    if number < 0:
        raise UnknownArtifact.of(
            "unknown-version",
            f"{asked!r} is no version",
            mend="Give a name like 'v3' or its number 3, 'latest' or an alias.",
        )
    return f"v{number}"


def latest(versions: list[Version], collection: str, artifact: str) -> Version:
    """The one with the highest number whose work ended well.

    Raises
    ------
    UnknownArtifact
        If all failed.
    """
    whole = [version for version in versions if not version.failed]
    if not whole:
        raise UnknownArtifact.of(
            "only-failed",
            f"all versions of {collection}/{artifact} come from work that failed",
            mend=f"Ask for one by its name, like version={versions[-1].name!r}.",
        )
    return max(whole, key=lambda version: (version.number, version.twin == ""))


def _unknown_artifact(
    backend: Backend, collection: str, artifact: str, deleted: bool
) -> UnknownArtifact:
    if deleted:
        told = f"all versions of {collection}/{artifact} were deleted"
        return UnknownArtifact.of("deleted-artifact", told)
    others = sorted({v.artifact for v in backend.versions(collection) if not v.deleted})
    near = did_you_mean(artifact, others)
    if not others:
        near = did_you_mean(collection, backend.collections())
        told = f"there is no collection {collection!r} with an artifact {artifact!r}"
        return UnknownArtifact.of("unknown-artifact", told, mend=near)
    told = f"the collection {collection!r} has no artifact {artifact!r}"
    return UnknownArtifact.of("unknown-artifact", told, mend=near)


def _unknown_version(there: list[Version], name: str, known: list[str]) -> UnknownArtifact:
    near = did_you_mean(name, known)
    names = ", ".join(version.name for version in there[-5:])
    return UnknownArtifact.of(
        "unknown-version",
        f"{there[0].collection}/{there[0].artifact} has no version {name!r}",
        mend=f"{near + ' ' if near else ''}The newest are {names}; 'latest' is one of them.",
    )
