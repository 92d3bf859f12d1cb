"""What was read for one figure, among all that its evaluation read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from whence.base.error import WhenceError
from whence.records.kinship import Narrow

_STATES = """
SELECT r.key, s.json FROM json_each(?) AS f
CROSS JOIN run AS r ON r.key = f.value AND r.kind = 'evaluation'
CROSS JOIN state AS s ON s.run = r.key
"""


def reading(connection: sqlite3.Connection, content: Callable[[str], bytes]) -> Narrow:
    """The step of a walk that leaves out what an evaluation read for other figures only.

    Parameters
    ----------
    connection : sqlite3.Connection
        The index.
    content : callable
        The bytes of a digest that the store holds.
    """

    def narrow(runs: Sequence[int], through: set[str], rows: list[Any]) -> list[Any]:
        if not through:
            return rows
        keys = orjson.dumps(list(runs)).decode()
        others = {
            key: _for_others(orjson.loads(state), through, content)
            for key, state in connection.execute(_STATES, (keys,))
        }
        if not any(others.values()):
            return rows
        return [row for row in rows if row[3] not in others.get(row[0], ())]

    return narrow


def _for_others(
    state: dict[str, Any], through: set[str], content: Callable[[str], bytes]
) -> set[str]:
    """What an evaluation read for figures, and for none of those in `through`."""
    lists = {True: set[str](), False: set[str]()}
    for artifact in state.get("artifacts") or ():
        told = (artifact.get("meta") or {}).get("inputs")
        if isinstance(told, str):
            lists[artifact["digest"] in through].add(told)
    if not lists[True]:
        return set()
    try:
        wanted, others = (
            {digest for told in lists[which] for _, digest in orjson.loads(content(told))}
            for which in (True, False)
        )
    except (WhenceError, ValueError, TypeError):  # not merged yet, or not ours: leave nothing out
        return set()
    return others - wanted
