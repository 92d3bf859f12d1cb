"""What was deleted and can be brought back, as something to look for."""

from __future__ import annotations

import re
import sqlite3
import time
import weakref
from pathlib import Path

import orjson

from whence.store import schema
from whence.store.files import Files
from whence.store.fold import State
from whence.store.index import Index
from whence.store.load import Loader

_OWN = ("run", "state", "tag", "name", "param", "artifact")


class DeletedIndex:
    """The deleted things, in tables as those of the index, where they count as on record.

    The index keeps only their states, so that nothing else finds them. Their rows are made anew in
    temporary tables of a connection of its own, which come before the tables of the same names; so
    whatever can be asked of the index can be asked of this.

    Parameters
    ----------
    index : Index
        The index, up to date.
    files : Files
        The way to the file system.
    root : Path
        The store folder.
    """

    def __init__(self, index: Index, files: Files, root: Path) -> None:
        self._index = index
        states = index.connection.execute(
            "SELECT run.key, id, json FROM run JOIN state ON state.run = run.key WHERE deleted = 1"
        ).fetchall()
        self.connection = sqlite3.connect(index.path, isolation_level=None)
        weakref.finalize(self, self.connection.close)
        self.connection.execute("PRAGMA temp_store = MEMORY")
        for name, text in re.findall(r"CREATE TABLE (\w+) ([^;]+);", schema.TABLES):
            if name in _OWN:
                self.connection.execute(f"CREATE TEMP TABLE {name} {text}")
        self.connection.execute("BEGIN")
        Loader(self.connection, files, root, time.time(), empty=True).insert(
            [(key, run, {**orjson.loads(text), "deleted": False}) for key, run, text in states]
        )
        self.connection.execute("COMMIT")

    def state(self, run: str) -> State:
        """The folded state of one of them."""
        return self._index.state(run)

    def last_of(self, writer: str) -> float | None:
        """When a writer wrote its last line, in seconds since 1970."""
        return self._index.last_of(writer)
