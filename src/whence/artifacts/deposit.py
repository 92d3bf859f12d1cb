"""A file to be put on record, and the facts that its journal line tells."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from whence.artifacts.name import readable
from whence.base.error import UserError
from whence.base.escape import encode
from whence.formats import media_type_of
from whence.records import Category
from whence.store import Content, Store

Mode = Literal["auto", "copy", "reference"]
Watch = Callable[[int], object]
_CATEGORIES = ("code", "input", "output")


@dataclass(frozen=True, slots=True)
class Label:
    """What is told of content beside its bytes.

    Attributes
    ----------
    category : str
        ``code``, ``input`` or ``output``.
    media_type : str, optional
        Told from a file's name, or by an object's format, if not given.
    metadata : mapping
        Whatever else is to be known about it.

    Raises
    ------
    UserError
        When made with a category or media type that cannot be.
    """

    category: str = "output"
    media_type: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.category not in _CATEGORIES:
            raise UserError.of(
                "unknown-category",
                f"there is no artifact category {self.category!r}",
                mend=f"Use one of {', '.join(_CATEGORIES)}.",
            )
        check_media_type(self.media_type)

    def facts(self, name: str, content: Content, media_type: str) -> dict[str, Any]:
        """The artifact line of content that the store has; without its path."""
        return {
            "name": name,
            "type": media_type,
            **self.told,
            "digest": content.digest,
            "size": content.size,
            "kept": content.kept,
        }

    @property
    def told(self) -> dict[str, Any]:
        """What it alone tells of an artifact; raises `UserError` if that cannot be recorded."""
        metadata = encode(dict(self.metadata), ("metadata",))
        return {
            "category": self.category,
            **({"type": self.media_type} if self.media_type else {}),
            **({"meta": metadata} if metadata else {}),
        }


@dataclass(frozen=True, slots=True)
class Deposit:
    """A file to be put on record.

    Attributes
    ----------
    path : path-like
        Where it lies.
    category : str
        ``code``, ``input`` or ``output``.
    name : str, optional
        Its name within the run; the file's own name if not given.
    media_type : str, optional
        Told from the file's name if not given.
    metadata : mapping
        Whatever else is to be known about it.
    mode : str
        ``copy`` keeps the bytes in the store, ``reference`` the digest only, ``auto`` decides
        by size.

    Raises
    ------
    UserError
        When made with a category or media type that cannot be.
    """

    path: str | os.PathLike[str]
    category: Category | str = "output"
    name: str | None = None
    media_type: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    mode: Mode = "auto"

    def __post_init__(self) -> None:
        if self.mode not in ("auto", "copy", "reference"):
            raise UserError.of(
                "unknown-mode",
                f"a file cannot be kept by {self.mode!r}",
                mend="Use mode='auto', 'copy' or 'reference'.",
            )
        Label(self.category, self.media_type, self.metadata)

    @property
    def label(self) -> Label:
        """What is told of it beside its bytes."""
        return Label(self.category, self.media_type, self.metadata)


def check_media_type(media_type: str | None) -> None:
    """Refuse what is no media type.

    Raises
    ------
    UserError
        If it is none.
    """
    if media_type is None:
        return
    kind, slash, inner = media_type.partition("/") if isinstance(media_type, str) else ("",) * 3
    if not (slash and kind.strip() and inner.strip() and "/" not in inner.partition(";")[0]):
        raise UserError.of(
            "bad-media-type",
            f"{media_type!r} is no media type",
            mend="Give one like 'text/plain', or leave it out: the file's name tells it.",
        )


def facts_of(
    store: Store, deposit: Deposit, folder: Path | None, watch: Watch | None = None
) -> dict[str, Any]:
    """Put a file into the store and give the facts of its artifact line.

    Parameters
    ----------
    store : Store
        Where its content goes.
    deposit : Deposit
        The file and what is told about it.
    folder : Path or None
        The run's own folder.
    watch : callable, optional
        Called with the number of bytes each time some were read.

    Raises
    ------
    UserError
        If there is no such file, or its metadata cannot be recorded.
    """
    path = Path(os.path.abspath(deposit.path))
    encode(dict(deposit.metadata), ("metadata",))  # refused before anything is written
    if not path.is_file():
        raise UserError.of(
            "no-such-file",
            f"there is no file {os.fspath(deposit.path)!r} to put on record",
            mend="It is a folder: save_directory saves the files in it." if path.is_dir() else None,
        )
    content = store.writer().put_file(path, deposit.mode, watch)
    name = deposit.name or readable(path.name)
    facts = deposit.label.facts(name, content, media_type_of(path))
    return {**facts, "path": told_path(str(path), folder, store.project)}


def told_path(path: str, folder: Path | None, project: Path) -> str:
    """A whole path as an artifact line tells it: ``./…`` is in the run's own folder."""
    for base, lead in ((folder, "./"), (project, "")):
        if base is not None and path.startswith(f"{base}/"):
            return readable(lead + path[len(str(base)) + 1 :])
    return readable(path)


def place(path: Path, bases: Iterable[Path | None]) -> str:
    """A path relative to the first of the folders that it lies in, else absolute."""
    for base in bases:
        if base is not None and path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return str(path)
