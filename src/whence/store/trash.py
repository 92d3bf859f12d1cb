"""What gc has set aside: out of the way, to be found and put back as long as it is there."""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from whence.store import layout
from whence.store.files import Files
from whence.store.listing import inner, names

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the trash.

    Attributes
    ----------
    day : str
        When it was set aside.
    place : str
        Where it was in the store: ``objects/ab/cdef…`` or ``packs/2026-11-21/…``.
    """

    day: str
    place: str

    @property
    def digest(self) -> str | None:
        """Of an object, its digest."""
        kind, _, rest = self.place.partition("/")
        digest = rest.replace("/", "")
        return digest if kind == "objects" and layout.is_digest(digest) else None

    @property
    def pack(self) -> str | None:
        """Of a pack, its path under ``packs/``."""
        kind, _, rest = self.place.partition("/")
        return rest if kind == "packs" else None

    def since(self) -> float:
        """The end of the day on which it was set aside, in seconds since 1970."""
        return calendar.timegm(time.strptime(self.day, "%Y-%m-%d")) + 86400.0


def find(files: Files, root: Path, place: str) -> Path | None:
    """The file in the trash that was at `place` in the store, if there is one."""
    for day in reversed(_days(files, root)):
        path = layout.trash(root) / day / place
        if files.has(path):
            return path
    return None


def entries(files: Files, root: Path) -> Iterator[Entry]:
    """Everything in the trash."""
    for day in _days(files, root):
        folder = layout.trash(root) / day
        for kind in ("objects", "packs"):
            for name in inner(files, folder / kind):
                yield Entry(day, f"{kind}/{name}")


def _days(files: Files, root: Path) -> list[str]:
    return [name for name in names(files, layout.trash(root)) if _DAY.fullmatch(name)]
