"""The names of parameters, metadata and fields on record, and which of them a dotted key means."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from whence.base.dotted import joined, means, name_parts
from whence.records.sql import checked
from whence.records.task_parameter import BESIDE
from whence.store import short_name


class Names:
    """The interned names of the index.

    Parameters
    ----------
    connection : sqlite3.Connection
        The index.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._known: dict[tuple[str, str, bool], list[int]] = {}

    def of(self, space: str, key: str, below: bool = False) -> list[int]:
        """The numbers of the names that a dotted key can mean.

        Parameters
        ----------
        space : {"param", "meta", "field"}
        key : str
            ``inputs`` levels may be left out.
        below : bool
            Of the names that begin with it instead.
        """
        known = self._known.get((space, key, below))
        if known is not None:
            return known
        parts = name_parts(checked(key))
        short = short_name(key)
        asked, values = "short = ?", [short]
        if below:
            asked, values = (
                "(short = ? OR short >= ? AND short < ?)",
                [short, f"{short}.", f"{short}/"],
            )
        rows = self._db.execute(
            f"SELECT id, name FROM name WHERE space = ? AND {asked}", (space, *values)
        )
        found = [number for number, name in rows if _leads(parts, name_parts(name), below)]
        self._known[space, key, below] = found
        return found

    def all(self) -> list[str]:
        """The short names of all parameters and metadata."""
        rows = self._db.execute(
            "SELECT DISTINCT short FROM name WHERE space IN ('param', 'meta') ORDER BY short"
        )
        return [row[0] for row in rows]

    def noise(self, names: Iterable[int]) -> set[int]:
        """Those of the names that tell which task something is, not what went into it."""
        rows = self._db.execute(
            "SELECT id, name FROM name WHERE id IN (SELECT value FROM json_each(?))",
            (orjson.dumps(list(names)).decode(),),
        ).fetchall()
        tasks = {name[: -len("taskname")] for _, name in rows if name.endswith(".taskname")}
        return {
            number
            for number, name in rows
            if name.rpartition(".")[0] + "." in tasks and name.rpartition(".")[2] in BESIDE
        }


def _leads(key: Sequence[Any], name: Sequence[Any], below: bool) -> bool:
    """Whether the parts of a key lead to a name, or to what it is below.

    Only ``inputs`` may lie between them; several parts may be one key that has dots in it.
    """
    if not key:
        return bool(name) if below else not name
    if not name:
        return False
    for count in range(1, len(key) + 1):
        part = key[0] if count == 1 else joined(key[:count])
        if count > 1 and (part is None or not isinstance(name[0], str)):
            break
        if means(part, name[0]) and _leads(key[count:], name[1:], below):
            return True
    return name[0] == "inputs" and _leads(key, name[1:], below)
