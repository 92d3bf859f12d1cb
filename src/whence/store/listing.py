"""The files of a store, as its folders list them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from whence.store import layout
from whence.store.files import Files


def names(files: Files, folder: Path) -> list[str]:
    """The names in a folder, sorted; none if it is not there."""
    try:
        return sorted(files.list(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def inner(files: Files, folder: Path) -> Iterator[str]:
    """The names in the folders of a folder, each with its folder's before: ``2026-11-21/name``."""
    for name in names(files, folder):
        for one in names(files, folder / name):
            yield f"{name}/{one}"


def journals(files: Files, root: Path) -> list[str]:
    """All journals, those of metrics too, by their paths under ``journals/``."""
    found = inner(files, layout.journals(root))
    return [name for name in found if layout.is_journal(name.rpartition("/")[2])]


def packs(files: Files, root: Path) -> list[str]:
    """All packs, by their paths under ``packs/``."""
    return [name for name in inner(files, layout.packs(root)) if name.endswith(layout.PACK)]


def objects(files: Files, root: Path) -> list[str]:
    """The digests of all objects."""
    found = (name.replace("/", "") for name in inner(files, layout.objects(root)))
    return [digest for digest in found if layout.is_digest(digest)]
