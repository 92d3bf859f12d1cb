"""What the members of a journal line may be; readers count on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from whence.store.layout import SMALL, is_any_digest, is_digest, is_pack

LATEST = 9.2e9  # seconds; as far from 1970 as a datetime64[ns] reaches
_Kinds = frozenset[type]


def _kinds(*types: type) -> _Kinds:
    return frozenset((*types, type(None)))


_TEXT = _kinds(str, dict)  # text that is not UTF-8 is written as a mapping
_WORDS = _kinds(str, dict, list)
_TIME = _kinds(int, float)
_INNER: Mapping[str, Mapping[str, _Kinds]] = {
    "code": {
        **dict.fromkeys(("commit", "branch", "digest"), _kinds(str)),
        "base": _TEXT,
        "files": _kinds(dict),
    },
    "error": dict.fromkeys(("type", "message", "traceback"), _TEXT),
    "process": {
        **dict.fromkeys(("host", "boot", "space"), _kinds(str)),
        "pid": _kinds(int),
        "start": _TIME,
    },
}
_FIELDS: Mapping[str, _Kinds] = {
    **dict.fromkeys(("status", "kind", "parent", "environment", "call"), _kinds(str)),
    **dict.fromkeys(("name", "folder", "description", "user", "host", "cwd", "dir"), _TEXT),
    **dict.fromkeys(("reason", "outcome", "label", "version", "main_file"), _WORDS),
    **dict.fromkeys(("script_arguments", "task_name", "target"), _WORDS),
    **dict.fromkeys(("created", "started", "ended"), _TIME),
    **dict.fromkeys(("params", "point", "code", "error", "process"), _kinds(dict)),
    "command": _kinds(list),
    "repeat": _TEXT,
    "exit": _kinds(int),
}
_ARTIFACT: Mapping[str, _Kinds] = {
    **dict.fromkeys(("type", "kept"), _kinds(str)),
    "size": _kinds(int),
    "path": _TEXT,
    "meta": _kinds(dict),
}
_METRIC: Mapping[str, _Kinds] = {"units": _TEXT, "axes": _kinds(list)}


def fits(name: str, value: Any) -> bool:
    """Whether a field of a run can be of that value; fields not known here can be anything.

    Examples
    --------
    >>> fits("created", 1.5), fits("created", 1e300), fits("command", "ls")
    (True, False, False)
    """
    kinds = _FIELDS.get(name)
    if kinds is None or value is None:
        return True
    if type(value) not in kinds:
        return False
    if kinds is _TIME:
        return bool(abs(value) < LATEST)
    if name == "environment":
        return is_digest(value)
    return name not in _INNER or _fit(_INNER[name], value)


def artifact_fits(item: Mapping[str, Any]) -> bool:
    """Whether what is told of an artifact can be: its identity, and all else that is read."""
    named = all(type(item.get(name)) is str for name in ("category", "name"))
    right = _fit(_ARTIFACT, item) and is_count(item.get("size") or 0)
    return named and right and is_any_digest(item.get("digest"))


def files_of(line: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The artifacts that a line of ``artifacts`` attaches; what cannot be one is left out.

    Examples
    --------
    >>> line = {"category": "input", "lead": "models/net/v0/", "types": ["text/csv"]}
    >>> (file,) = files_of({**line, "files": [["a.csv", "0" * 64, 9, 0], ["b.csv"]]})
    >>> file["name"], file["type"], file["kept"]
    ('models/net/v0/a.csv', 'text/csv', 'pack')
    """
    lead, types, files = line.get("lead"), line.get("types"), line.get("files")
    if type(lead) is not str or type(types) is not list or type(files) is not list:
        return
    for file in files:
        match file:
            case [str(path), digest, int(size), int(kind)] if 0 <= kind < len(types):
                item = {
                    "name": lead + path,
                    "category": line.get("category"),
                    "type": types[kind],
                    "digest": digest,
                    "size": size,
                    "kept": "pack" if size < SMALL else "object",
                }
                if artifact_fits(item):
                    yield item


def pack_fits(line: Mapping[str, Any]) -> bool:
    """Whether what is told of packed content can be: its digest and where it lies."""
    placed = is_count(line.get("offset")) and is_count(line.get("length"))
    return placed and is_digest(line.get("digest")) and is_pack(line.get("pack"))


def folded_fits(line: Mapping[str, Any]) -> bool:
    """Whether what is told of a journal that was folded can be."""
    into = line.get("into")
    named = type(into) is list and all(type(name) is str for name in into)
    return named and type(line.get("file")) is str and is_count(line.get("size"))


def is_count(value: object) -> bool:
    """Whether that is a number of bytes, or the like, that SQLite can hold."""
    return type(value) is int and 0 <= value < 2**63


def seconds(value: object) -> float:
    """A time as a journal tells it; 0 where it tells none."""
    return float(value) if isinstance(value, (int, float)) and abs(value) < LATEST else 0.0


def metric_fits(facts: Mapping[str, Any]) -> bool:
    """Whether what is told of a metric can be."""
    return _fit(_METRIC, facts)


def _fit(kinds: Mapping[str, _Kinds], told: Mapping[str, Any]) -> bool:
    return all(type(told[name]) in kind for name, kind in kinds.items() if name in told)


def wrong_in(line: Mapping[str, Any]) -> str | None:
    """What a line tells that nothing will be made of, in words; None if all of it counts."""
    op: Any = line.get("op")
    facts: Any = line.get("f")
    if op in ("set", "metric") and type(facts) is not dict:
        return "it sets no fields"
    if op == "set":
        unfit = [name for name, value in facts.items() if not fits(name, value)]
        return f"the field {unfit[0]!r} cannot be that" if unfit else None
    if op == "artifact" and not artifact_fits(line):
        return "what it tells of an artifact cannot be"
    if op == "artifacts":
        files = line.get("files")
        whole = type(files) is list and len(list(files_of(line))) == len(files)
        return None if whole else "what it tells of artifacts cannot be"
    if op == "metric" and not (type(line.get("name")) is str and metric_fits(facts)):
        return "what it tells of a metric cannot be"
    if op == "meta" and type(line.get("m")) is not dict:
        return "its metadata is no mapping"
    if op == "alert" and not (type(line.get("alert")) is str and type(line.get("facts")) is dict):
        return "what it tells of an alert cannot be"
    return _wrong_tags(line) if op == "tags" else None


def _wrong_tags(line: Mapping[str, Any]) -> str | None:
    for name in ("add", "remove"):
        told = line.get(name, [])
        if type(told) is not list or any(type(tag) is not str for tag in told):
            return "its tags are no list of text"
    return None
