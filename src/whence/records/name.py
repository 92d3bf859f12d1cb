"""The names of parameters, metadata and fields on record, and which of them a dotted key means."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import orjson

from whence.records.task_parameter import BESIDE
from whence.store import without_inputs


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
        short = without_inputs(key)
        asked, values = "short = ?", [short]
        if below:
            asked, values = "short >= ? AND short < ?", [f"{short}.", f"{short}/"]
        rows = self._db.execute(
            f"SELECT id, name FROM name WHERE space = ? AND {asked}", (space, *values)
        )
        found = [number for number, name in rows if _leads(key.split("."), name.split("."))]
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


def _leads(key: Sequence[str], name: Sequence[str]) -> bool:
    """Whether a name goes through the parts of a key, with only ``inputs`` between them."""
    rest = iter(name)
    for part in key:
        for level in rest:
            if level == part:
                break
            if level != "inputs":
                return False
        else:
            return False
    return True
