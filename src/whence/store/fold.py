"""The state of a thing on record, as a pure function of its lines.

The order is (logical clock, writer, sequence); each field of ``set``, each key of ``meta`` and of
``folder_metadata``, each tag and the deletion go to the last line that speaks of them. A line
counts once, however many copies of it there are. A tombstone is the last word on its thing,
wherever in the order it is.
Lines and members this version does not know are left out, and so are members that cannot be what
they are told to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

from whence.store.fact import LATEST, artifact_fits, files_of, fits, metric_fits

State = dict[str, Any]
Key = tuple[int, str, int]
Line = tuple[Key, dict[str, Any]]

_KEY = itemgetter(0)

RESERVED = frozenset(
    [
        "id",
        "meta",
        "tags",
        "artifacts",
        "events",
        "out",
        "points",
        "metrics",
        "deleted",
        "final",
        "alerts",
        "first",
        "last",
        "heard",
        "lc",
        "writer",
        "key",
    ]
)
"""Members of a state that come from other operations than ``set``."""

FOLDER = "folder_metadata"
"""The field whose members each go to the last line that speaks of them."""

ARTIFACT = ("name", "category", "type", "digest", "size", "kept", "path", "meta")


def key_of(line: dict[str, Any], writer: str) -> Key:
    """The place of a line in the order.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the line lacks its clock, its number or its operation.
    """
    lc, n = line["lc"], line["n"]
    if type(lc) is not int or type(n) is not int or not 0 <= lc < 2**63 > n >= 0:
        raise ValueError("no place in the order")
    if type(line["op"]) is not str:
        raise ValueError("no operation")
    return lc, str(line.get("by", writer)), n


def fold(lines: Iterable[Line], start: State | None = None) -> State:
    """The state after the lines of one thing.

    Parameters
    ----------
    lines : iterable of (key, line)
        In any order; at least one, or a `start`.
    start : dict, optional
        The state after earlier lines. All of `lines` must come after its ``key``.

    Examples
    --------
    >>> first = (1, "w", 0), {"op": "set", "of": "r", "t": 5.0, "f": {"name": "a"}}
    >>> later = (2, "w", 1), {"op": "set", "of": "r", "t": 6.0, "f": {"name": "b"}}
    >>> fold([later, first])["name"]
    'b'
    """
    ordered = sorted(lines, key=_KEY)
    state = _begun(start, ordered)
    tags = set(state["tags"])
    artifacts = {_identity(item): item for item in state["artifacts"]}
    before: Key | None = None
    for key, line in ordered:
        if key == before:
            continue
        before = key
        op = line.get("op")
        if op == "tags":
            tags.update(_texts(line.get("add")))
            tags.difference_update(_texts(line.get("remove")))
        elif op == "artifact":
            item = {name: line[name] for name in ARTIFACT if name in line}
            if artifact_fits(item):
                _attach(artifacts, item)
        elif op == "artifacts":
            for item in files_of(line):
                _attach(artifacts, item)
        elif op in _OPERATIONS:
            _OPERATIONS[op](state, line, key)
    _date(state, ordered)
    state["tags"] = sorted(tags)
    state["artifacts"] = list(artifacts.values())
    if before is not None:
        state["key"] = list(before)
        state["lc"] = before[0]
    return _buried(state) if "final" in state else state


def _buried(state: State) -> State:
    """What stays of a thing whose deletion is final, whichever of its lines are still there."""
    empty = _empty(state["id"], tuple(state["key"]))
    return {**empty, "writer": "", "deleted": True, "final": True}


def _begun(start: State | None, ordered: list[Line]) -> State:
    if start is not None:
        held = {key: dict(alert) for key, alert in start.get("alerts", {}).items()}
        return {
            **start,
            "meta": dict(start["meta"]),
            "points": list(start["points"]),
            "alerts": held,
        }
    key, line = ordered[0]
    return _empty(line.get("of"), key)


def _empty(thing: Any, key: Key) -> State:
    return {
        "id": thing,
        "meta": {},
        "tags": [],
        "artifacts": [],
        "events": 0,
        "out": 0,
        "points": [],
        "alerts": {},
        "deleted": False,
        "first": None,
        "last": None,
        "heard": None,
        "lc": key[0],
        "writer": key[1],
        "key": list(key),
    }


def _date(state: State, lines: list[Line]) -> None:
    times = [
        time
        for _, line in lines
        if (time := line.get("t")).__class__ in (float, int) and -LATEST < time < LATEST
    ]
    if times:
        first, last = min(times), max(times)
        state["first"] = first if state["first"] is None else min(first, state["first"])
        state["last"] = last if state["last"] is None else max(last, state["last"])
    owner = state["writer"]
    for key, line in reversed(lines):
        if key[1] == owner:
            time = line.get("t")
            state["heard"] = time if time.__class__ in (float, int) else None
            break


def _set(state: State, line: dict[str, Any], key: Key) -> None:
    fields = line.get("f")
    if type(fields) is not dict:
        return
    left_out = RESERVED.intersection(fields).union(
        name for name, value in fields.items() if not fits(name, value)
    )
    if left_out:
        fields = {name: value for name, value in fields.items() if name not in left_out}
    told = fields.get(FOLDER)  # of the folder that the run is in: key by key
    if told.__class__ is dict:
        before = state.get(FOLDER)
        fields = {**fields, FOLDER: {**before, **told} if type(before) is dict else told}
    state.update(fields)
    if "process" in fields:  # who runs it now: its lines tell whether it is alive
        state["writer"] = key[1]


def _meta(state: State, line: dict[str, Any], key: Key) -> None:
    entries = line.get("m")
    if type(entries) is dict:
        state["meta"].update(entries)


def _alert(state: State, line: dict[str, Any], key: Key) -> None:
    name, facts = line.get("alert"), line.get("facts")
    if type(name) is not str or type(facts) is not dict:
        return
    if facts.get("deleted") is True:
        state["alerts"].pop(name, None)
    elif name in state["alerts"] or "name" in facts:  # how a deleted one stands is no news
        state["alerts"].setdefault(name, {}).update(facts)


def _metric(state: State, line: dict[str, Any], key: Key) -> None:
    facts = line.get("f")
    if type(facts) is dict and metric_fits(facts):
        _about_metric(state, line).update(facts)


def _tensor(state: State, line: dict[str, Any], key: Key) -> None:
    about = _about_metric(state, line)
    about["tensors"] = about.get("tensors", 0) + 1


def _about_metric(state: State, line: dict[str, Any]) -> dict[str, Any]:
    """What is known of the metric a line speaks of, in a copy of its own."""
    name = line.get("name")
    if type(name) is not str:
        return {}
    told = dict(state.get("metrics", {}).get(name, {}))
    state["metrics"] = {**state.get("metrics", {}), name: told}
    return told


def _points(state: State, line: dict[str, Any], key: Key) -> None:
    if key[1] not in state["points"]:
        state["points"].append(key[1])


def _event(state: State, line: dict[str, Any], key: Key) -> None:
    state["events"] += 1


def _out(state: State, line: dict[str, Any], key: Key) -> None:
    state["out"] += 1


def _delete(state: State, line: dict[str, Any], key: Key) -> None:
    state["deleted"] = True


def _tombstone(state: State, line: dict[str, Any], key: Key) -> None:
    state["final"] = True


def _undelete(state: State, line: dict[str, Any], key: Key) -> None:
    state["deleted"] = False


_OPERATIONS: dict[Any, Callable[[State, dict[str, Any], Key], None]] = {
    "set": _set,
    "meta": _meta,
    "points": _points,
    "metric": _metric,
    "tensor": _tensor,
    "alert": _alert,
    "event": _event,
    "out": _out,
    "delete": _delete,
    "undelete": _undelete,
    "tombstone": _tombstone,
}


KNOWN = frozenset([*_OPERATIONS, "tags", "artifact", "artifacts"])
"""The operations on things that count here; others are kept in the journals."""


def _attach(artifacts: dict[tuple[Any, ...], dict[str, Any]], item: dict[str, Any]) -> None:
    identity = _identity(item)
    artifacts.pop(identity, None)  # what was said last comes last: a name means its latest
    artifacts[identity] = item


def _identity(item: dict[str, Any]) -> tuple[Any, ...]:
    return item.get("category"), item.get("name"), item.get("digest")


def _texts(value: Any) -> Iterable[str]:
    return [text for text in value if type(text) is str] if type(value) is list else ()
