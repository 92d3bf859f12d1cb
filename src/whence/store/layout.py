"""The names inside a store folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeGuard

from whence.base.error import StoreError

FORMAT = 1
FOLDER = ".whence"
SMALL = 64 * 1024
"""Content below this many bytes goes into a pack, other content is a file of its own."""
LIMIT = 64 * 1024 * 1024
"""A journal or pack that has grown to this many bytes is followed by a new one."""

MANIFEST = "manifest"
"""What the media type of content that names other content contains."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_FOREIGN = re.compile(r"[a-z0-9]+:[0-9a-f]+")
_JOURNAL = re.compile(r"\w+(-\d+)?(\.metrics)?\.jsonl", re.ASCII)
_RUN = re.compile(r"\w+", re.ASCII)
_PACK = re.compile(r"\d{4}-\d\d-\d\d/\w+(-\d+)?\.pack", re.ASCII)

JOURNALS = "journals"
MAIN, METRICS, PACK = ".jsonl", ".metrics.jsonl", ".pack"


def journals(root: Path) -> Path:
    """The folder of the day folders with journals."""
    return root / JOURNALS


def packs(root: Path) -> Path:
    """The folder of the day folders with packs."""
    return root / "packs"


def objects(root: Path) -> Path:
    """The folder of the objects."""
    return root / "objects"


def object_path(root: Path, digest: str) -> Path:
    """Where content of that digest lies if it is a file of its own.

    Raises
    ------
    StoreError
        If it is not a digest: journals come from anywhere, and a path must not lead out.
    """
    if not is_digest(digest):
        raise StoreError.of(
            "not-a-digest",
            f"{str(digest)[:80]!r} is not a digest: 64 lower-case hexadecimal digits",
        )
    return root / object_place(digest)


def object_place(digest: str) -> str:
    """Where an object lies, as a path under the store folder; what is no digest may lead out."""
    return f"objects/{digest[:2]}/{digest[2:]}"


def is_digest(value: object) -> TypeGuard[str]:
    """Whether that is a SHA-256 as a store writes it."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def is_any_digest(value: object) -> bool:
    """Whether that is a digest, be it one of another kind, like ``sha1:…``."""
    return is_digest(value) or (isinstance(value, str) and _FOREIGN.fullmatch(value) is not None)


def is_journal(name: str) -> bool:
    """Whether a file of that name is a journal, and not a copy that somebody's tool has made.

    Examples
    --------
    >>> is_journal("20261121T021757abcdefg-1.metrics.jsonl"), is_journal("w (conflict).jsonl")
    (True, False)
    """
    return _JOURNAL.fullmatch(name) is not None


def is_pack(value: object) -> TypeGuard[str]:
    """Whether that is the name of a pack, as a path under ``packs/``."""
    return isinstance(value, str) and _PACK.fullmatch(value) is not None


def part_name(writer: str, part: int, suffix: str) -> str:
    """The name of a writer's file: the first has no number.

    Examples
    --------
    >>> part_name("20261121T021757abcdefg", 2, ".metrics.jsonl")
    '20261121T021757abcdefg-2.metrics.jsonl'
    """
    return f"{writer}-{part}{suffix}" if part else writer + suffix


def trash(root: Path) -> Path:
    """The folder of what gc set aside, in a folder for each day it was done on."""
    return root / "trash"


def aborts(root: Path) -> Path:
    """The folder of the words that runs are asked to end with."""
    return root / "aborts"


def abort_path(root: Path, run: str) -> Path:
    """Where word is left for the process of a run.

    Raises
    ------
    StoreError
        If it is no id of a run: journals come from anywhere, and a path must not lead out.
    """
    if not _RUN.fullmatch(run):
        raise StoreError.of(
            "not-a-run-id", f"{run[:80]!r} cannot be asked for: ids of runs are letters and digits"
        )
    return aborts(root) / run


def writer_of_path(path: str) -> str:
    """The writer of a file given as ``2026-11-21/<name>``."""
    return writer_of(path.rpartition("/")[2])


def writer_of(name: str) -> str:
    """The writer whose file has that name."""
    return name.partition(".")[0].partition("-")[0]
