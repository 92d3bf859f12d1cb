"""Numbers of versions: a number belongs to who makes its file first, and never to another."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

from whence.base.error import UserError
from whence.store.files import Files, failed
from whence.store.listing import names

_CLAIM = re.compile(r"v(0|[1-9][0-9]{0,17})")


Known = Callable[[], Iterable[tuple[str, int]]]
"""Tells the artifacts and numbers of the versions of a collection that are on record."""


def claim_number(
    files: Files, root: Path, collection: str, artifact: str, known: Known = tuple
) -> int:
    """A number that no version of the artifact in this store has, had, or will have.

    Parameters
    ----------
    files : Files
        The way to the file system.
    root : Path
        The store folder.
    collection, artifact : str
        Names that can be those of folders.
    known : callable
        Asked where there are no claims of the collection at all: some ways to copy a store leave
        empty files out.

    Raises
    ------
    UserError
        If another collection or artifact has a name that only differs in case.
    StoreError
        If it cannot be claimed.
    """
    folder = root / "claims"
    try:
        if not (folder / collection).is_dir():
            for name, number in sorted(known(), key=lambda one: -one[1]):
                files.make(folder / collection / name)
                _claim(files, folder / collection / name / f"v{number}")
        for name in (collection, artifact):
            if not (folder / name).is_dir():
                refuse_twin(name, names(files, folder))
            folder = folder / name
        files.make(folder)
        number = next_number(names(files, folder))
        while not _claim(files, folder / f"v{number}"):
            number += 1
    except OSError as error:
        raise failed(error, "claim a version in", folder) from error
    return number


def _claim(files: Files, path: Path) -> bool:
    """Make the file of a number; False if another has made it."""
    try:
        files.close(files.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    return True


def next_number(taken: list[str]) -> int:
    """The first number after those of names like ``v3``.

    Examples
    --------
    >>> next_number(["v0", "v11", "v9", "notes"])
    12
    """
    numbers = [int(match[1]) for name in taken if (match := _CLAIM.fullmatch(name))]
    return max(numbers, default=-1) + 1


def refuse_twin(name: str, others: list[str]) -> None:
    """Refuse a new name that some file systems could not tell from another.

    Raises
    ------
    UserError
        If one of the others differs only in the case of its letters.
    """
    folded = _folded(name)
    for other in others:
        if other != name and _folded(other) == folded:
            raise UserError.of(
                "same-name",
                f"{name!r} differs from {other!r}, which is there, only in case",
                mend=f"Some file systems cannot tell them apart: use {other!r} or another name.",
            )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
