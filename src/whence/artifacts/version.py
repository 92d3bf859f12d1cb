"""A version of an artifact: what it is called and what is in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from whence.artifacts.name import parts_of
from whence.base.error import StoreError, UserError
from whence.base.problem import Problem

MANIFEST_TYPE = "application/vnd.whence.manifest+json"
LATEST = "latest"

_LONGEST = 200  # bytes: the names of files that are made from it must fit file systems too
_NUMBER = re.compile(r"v(0|[1-9][0-9]{0,17})(?:~([0-9A-Za-z]+))?")
_LETTERS = "-_.:+=@, "
_DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}


class NameRefused(UserError, ValueError):  # noqa: N818
    """A name cannot be that of a collection, artifact or alias; it is a `ValueError` too."""

    __str__ = UserError.__str__


class UnknownArtifact(UserError, ValueError):  # noqa: N818
    """There is no such artifact or version; it is a `ValueError` too."""

    __str__ = UserError.__str__


class Version(NamedTuple):
    """One version of an artifact.

    `number` tells it from the others. Where stores were merged that had both given out a number,
    `twin` is empty for one and the writer of the version for the others. `deleted` tells that only
    its tombstone is left, `failed` that the work that made it did not end well, `key` what the
    backend knows it by.
    """

    collection: str
    artifact: str
    number: int
    twin: str = ""
    deleted: int = False
    failed: int = False
    run: str | None = None
    digest: str | None = None
    key: str = ""

    @property
    def name(self) -> str:
        """``v3``, or ``v3~<writer>``."""
        return f"v{self.number}~{self.twin}" if self.twin else f"v{self.number}"

    def __str__(self) -> str:
        return f"{self.collection}/{self.artifact} {self.name}"


def number_of(name: str) -> tuple[int, str] | None:
    """The number, and what follows its ``~``, that the name of a version tells.

    Examples
    --------
    >>> number_of("v12"), number_of("v3~2026"), number_of("best")
    ((12, ''), (3, '2026'), None)
    """
    match = _NUMBER.fullmatch(name)
    return (int(match[1]), match[2] or "") if match else None


def checked(name: object, what: str) -> str:
    """The name, if a collection, an artifact or an alias may be called so.

    Any file system must be able to have a folder of that name, and tell it from others.

    Parameters
    ----------
    name : str
    what : str
        What it names, for the message.

    Raises
    ------
    NameRefused
        If it is none; it says why.

    Examples
    --------
    >>> checked("net-2:best", "artifact")
    'net-2:best'
    """
    why = _why_not(name)
    if why is None:
        return str(name)
    shown = repr(name)
    shown = shown if len(shown) <= 60 else f"{shown[:50]}… ({len(shown) - 2} characters)"
    raise NameRefused.of(
        "bad-name",
        f"no {what} can be called {shown}: {why}",
        mend=f"Use letters, digits and {_LETTERS.strip()!r}; collections cannot be nested.",
    )


def _why_not(name: object) -> str | None:
    if not isinstance(name, str):
        return "it is no text"
    bad = [letter for letter in name if not (letter.isalnum() or letter in _LETTERS)]
    # Signs that are part of a letter in some scripts, such as the vowels of Hindi.
    bad = [letter for letter in bad if unicodedata.category(letter) not in ("Mn", "Mc")]
    if not name:
        return "it is empty"
    if "\0" in name:
        return "it holds a NUL"
    if name in (".", ".."):
        return "it would lead elsewhere"
    if "/" in name or "\\" in name:
        return "it would be a path"
    if bad:
        return f"it holds {bad[0]!r}"
    if len(name.encode()) > _LONGEST:
        return f"it has more than {_LONGEST} bytes"
    if name[0] in ". " or name[-1] in ". ":
        return "dots and blanks at its ends get lost on some file systems"
    if unicodedata.normalize("NFC", name) != name:
        return "it is not in the Unicode form NFC, and would look like another name"
    if name.partition(".")[0].casefold() in _DEVICES:
        return "it names a device on some systems"
    return None


def checked_alias(name: object) -> str:
    """The name, if versions may be given it.

    Raises
    ------
    NameRefused
        If it is none, means a number, or is ``latest``, which moves by itself.
    """
    alias = checked(name, "alias")
    if alias == LATEST or re.fullmatch(r"v[0-9]+", alias):
        raise NameRefused.of(
            "bad-name",
            f"no alias can be called {alias!r}: it has a meaning already",
            mend="'latest' is the newest version, and v0, v1, … are numbers.",
        )
    return alias


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a version: its path in it, its SHA-256 and its bytes."""

    path: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a version.

    Attributes
    ----------
    files : tuple of Entry
        In order of their paths.
    folders : tuple of str
        Folders with nothing in them.
    type : str, optional
        The media type, where the version is one object.
    failed : bool
        Whether the work that made it did not end well.
    """

    files: tuple[Entry, ...]
    folders: tuple[str, ...] = ()
    type: str | None = None
    failed: bool = False
    _entries: Mapping[str, Entry] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_entries", {entry.path: entry for entry in self.files})

    def entry(self, path: str) -> Entry | None:
        """The file of that path; None if there is none."""
        return self._entries.get(path)

    def to_bytes(self) -> bytes:
        """The manifest as JSON; equal manifests give equal bytes."""
        told: dict[str, Any] = {"files": [[e.path, e.digest, e.size] for e in self.files]}
        for name in ("folders", "type", "failed"):
            if getattr(self, name):
                told[name] = getattr(self, name)
        return orjson.dumps(told, option=orjson.OPT_SORT_KEYS) + b"\n"

    @classmethod
    def of(cls, data: bytes, where: str) -> Manifest:
        """The manifest that `to_bytes` made; `where` it is, for the message.

        Raises
        ------
        StoreError
            If it is none, or a path in it would lead out of a folder.
        """
        try:
            told = orjson.loads(data)
            files = tuple(
                Entry(str(path), str(digest), int(size)) for path, digest, size in told["files"]
            )
            folders = tuple(map(str, told.get("folders", ())))
            kind = told.get("type")
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError.of(
                "damaged-manifest", f"{where} does not say what is in the version: {error}"
            ) from error
        paths = [*(entry.path for entry in files), *folders]
        refused = [parts for path in paths if isinstance(parts := parts_of(path), Problem)]
        if refused:
            raise StoreError(*refused)
        return cls(files, folders, kind, bool(told.get("failed")))


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to become a version.

    Attributes
    ----------
    pieces : mapping of str to Path or bytes
        What each file holds, by its path in the version.
    folders : tuple of str
        Folders with nothing in them.
    type : str, optional
        The media type, where it is one object.
    failed : bool
        Whether the work that made it did not end well.

    Raises
    ------
    UserError
        When made with a path that would lead elsewhere, or with one file inside another.
    """

    pieces: Mapping[str, Path | bytes]
    folders: tuple[str, ...] = ()
    type: str | None = None
    failed: bool = False
    paths: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        found = {path: parts_of(path) for path in (*self.pieces, *self.folders)}
        refused = [parts for parts in found.values() if isinstance(parts, Problem)]
        if refused:
            raise NameRefused(*refused)
        above = {
            "/".join(parts[:depth])
            for parts in found.values()
            if not isinstance(parts, Problem)
            for depth in range(1, len(parts))
        }
        both = sorted(above & set(self.pieces))
        if both:
            raise NameRefused.of("bad-name", f"{both[0]!r} cannot be a file and a folder")
        object.__setattr__(self, "paths", tuple(sorted(self.pieces)))

    @property
    def size(self) -> int:
        """How many bytes the files have, as far as can be told."""
        found = 0
        for what in self.pieces.values():
            with suppress(OSError):
                found += len(what) if isinstance(what, bytes) else what.stat().st_size
        return found

    def manifest(self, files: Iterable[Entry]) -> Manifest:
        """The manifest, now that the files are known."""
        return Manifest(tuple(files), self.folders, self.type, self.failed)
