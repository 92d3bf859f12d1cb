"""What runs are called that is nearly what somebody asked for."""

from __future__ import annotations

import shlex
import sqlite3

from whence.base.problem import did_you_mean

_SIDE = 20  # names before and after it in the alphabet
_MOST = 200  # of the newest, and of those that end alike
_ID = 22
_ALIKE = 0.9  # ids of one second have two thirds in common by themselves


def mend(connection: sqlite3.Connection, text: str) -> str:
    """What to do about a text that fits no run: these are nearly so, and all are listed."""
    listed = "`whence list` shows the runs on record."
    return " ".join(filter(None, (near_run(connection, text), listed)))


def near_run(connection: sqlite3.Connection, text: str, *, deleted: bool = False) -> str | None:
    """The sentence that offers names, labels and ids of runs that are nearly the text, or None.

    Of a run that was deleted it says so.

    Looked at are only those that could be meant: what begins or ends as the text does (as most
    that is mistyped still does), and the newest. To compare it with each of 100,000 would take
    seconds.

    Parameters
    ----------
    connection : sqlite3.Connection
        The index.
    text : str
        What fits no run.
    deleted : bool
        Offer deleted runs instead, whose deletion can be undone.
    """
    which = "deleted = 1" if deleted else "NOT deleted"
    if not deleted and _is_deleted(connection, text):
        return f"It was deleted; `whence delete --undo {shlex.quote(text)}` brings it back."
    if len(text) >= _ID - 2:
        near = did_you_mean(text, _around(connection, "id", text, which), _ALIKE)
        if near:
            return near
    names = _around(connection, "name", text, which)
    names |= _names(connection, f"SELECT name FROM run WHERE {which} ORDER BY created DESC LIMIT ?")
    names |= {name.rpartition("/")[2] for name in names}
    if not deleted:
        names |= _labels(connection, text)
    return did_you_mean(text, sorted(names))


def _is_deleted(connection: sqlite3.Connection, text: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM run WHERE deleted = 1 AND (id = ? OR name = ? OR substr(name, ?) = ?)",
        (text, text, -len(text) - 1, f"/{text}"),
    ).fetchone()
    return row is not None


def _around(connection: sqlite3.Connection, column: str, text: str, which: str) -> set[str]:
    """The values before and after it in their order, and those that end as it does."""
    select = f"SELECT DISTINCT {column} FROM run WHERE {which} AND {column}"
    rows = connection.execute(f"{select} >= ? ORDER BY {column} LIMIT ?", (text, _SIDE)).fetchall()
    rows += connection.execute(f"{select} < ? ORDER BY {column} DESC LIMIT ?", (text, _SIDE))
    third = len(text) // 3
    rows += connection.execute(
        f"SELECT value FROM (SELECT DISTINCT {column} AS value FROM run WHERE {which}) WHERE "
        "substr(value, -2) = ? OR lower(value) = lower(?) "
        "ORDER BY substr(value, ?) = ? DESC, abs(length(value) - ?) LIMIT ?",
        (text[-2:], text, -third, text[-third:], len(text), _MOST),
    )
    return {value for (value,) in rows}


def _names(connection: sqlite3.Connection, query: str) -> set[str]:
    return {name for (name,) in connection.execute(query, (_MOST,)) if name}


def _labels(connection: sqlite3.Connection, text: str) -> set[str]:
    """The labels of imported records, before and after it in their order."""
    field = "(SELECT id FROM name WHERE space = 'field' AND name = 'label')"
    select = f"SELECT DISTINCT text FROM param WHERE name = {field} AND text"
    rows = connection.execute(f"{select} >= ? ORDER BY text LIMIT ?", (text, _SIDE)).fetchall()
    rows += connection.execute(f"{select} < ? ORDER BY text DESC LIMIT ?", (text, _SIDE))
    return {label for (label,) in rows}
