"""A file of a run as the journal names it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from whence.base.error import UserError
from whence.base.escape import encode
from whence.formats import media_type_of
from whence.store import Store

Category = Literal["code", "input", "output"]
Mode = Literal["auto", "copy", "reference"]
_CATEGORIES = ("code", "input", "output")


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
        When made with a category, name or media type that cannot be.
    """

    path: str | os.PathLike[str]
    category: str = "output"
    name: str | None = None
    media_type: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    mode: Mode = "auto"

    def __post_init__(self) -> None:
        if self.category not in _CATEGORIES:
            raise UserError.of(
                "unknown-category",
                f"there is no artifact category {self.category!r}",
                mend=f"Use one of {', '.join(_CATEGORIES)}.",
            )
        if self.mode not in ("auto", "copy", "reference"):
            raise UserError.of(
                "unknown-mode",
                f"a file cannot be kept by {self.mode!r}",
                mend="Use mode='auto', 'copy' or 'reference'.",
            )
        if self.media_type is not None and self.media_type.count("/") != 1:
            raise UserError.of(
                "bad-media-type",
                f"{self.media_type!r} is no media type",
                mend="Give one like 'text/plain', or leave it out: the file's name tells it.",
            )


def facts_of(store: Store, deposit: Deposit, folder: Path | None) -> dict[str, Any]:
    """Put a file into the store and give the facts of its artifact line.

    Parameters
    ----------
    store : Store
        Where its content goes.
    deposit : Deposit
        The file and what is told about it.
    folder : Path or None
        The run's own folder.

    Raises
    ------
    UserError
        If there is no such file, or its metadata cannot be recorded.
    """
    path = Path(os.path.abspath(deposit.path))
    metadata = encode(dict(deposit.metadata), ("metadata",))
    if not path.is_file():
        raise UserError.of(
            "no-such-file",
            f"there is no file {os.fspath(deposit.path)!r} to put on record",
            mend="It is a folder: save the files in it." if path.is_dir() else None,
        )
    content = store.writer().put_file(path, mode=deposit.mode)
    return {
        "name": encode(deposit.name or path.name),
        "category": deposit.category,
        "type": deposit.media_type or media_type_of(path),
        "digest": content.digest,
        "size": content.size,
        "kept": content.kept,
        "path": encode(_told(path, folder, store.project)),
        **({"meta": metadata} if metadata else {}),
    }


def _told(path: Path, folder: Path | None, project: Path) -> str:
    """A path as an artifact line tells it: ``./…`` is in the run's own folder, wherever that is."""
    if folder is not None and path.is_relative_to(folder):
        return "./" + path.relative_to(folder).as_posix()
    return place(path, (project,))


def place(path: Path, bases: Iterable[Path | None]) -> str:
    """A path relative to the first of the folders that it lies in, else absolute."""
    for base in bases:
        if base is not None and path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return str(path)
