"""The names inside a store folder."""

from __future__ import annotations

from pathlib import Path

FORMAT = 1
FOLDER = ".whence"
SMALL = 64 * 1024
"""Content below this many bytes goes into a pack, other content is a file of its own."""
LIMIT = 64 * 1024 * 1024
"""A journal or pack that has grown to this many bytes is followed by a new one."""

MANIFEST = "manifest"
"""What the media type of content that names other content contains."""

MAIN, METRICS, PACK = ".jsonl", ".metrics.jsonl", ".pack"


def journals(root: Path) -> Path:
    """The folder of the day folders with journals."""
    return root / "journals"


def packs(root: Path) -> Path:
    """The folder of the day folders with packs."""
    return root / "packs"


def objects(root: Path) -> Path:
    """The folder of the objects."""
    return root / "objects"


def object_path(root: Path, digest: str) -> Path:
    """Where content of that digest lies if it is a file of its own."""
    return root / "objects" / digest[:2] / digest[2:]


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


def writer_of_path(path: str) -> str:
    """The writer of a file given as ``2026-11-21/<name>``."""
    return writer_of(path.rpartition("/")[2])


def writer_of(name: str) -> str:
    """The writer whose file has that name."""
    return name.partition(".")[0].partition("-")[0]
