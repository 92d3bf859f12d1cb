"""The contents that a record's artifacts hold, where they can be read: nothing is computed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from whence.base.digest import digest_bytes
from whence.base.error import StoreError, UserError
from whence.base.escape import decode
from whence.base.problem import did_you_mean
from whence.formats import load
from whence.records.artifact import Artifact
from whence.records.record import Record
from whence.store import Store

_SHA1 = "sha1:"


def result_paths(record: Record) -> tuple[str, ...]:
    """Files that hold what it put out, absolute: where they lay, else the store's own objects."""
    store = record.store
    if store is None:
        return ()
    found = (_file(store, record, item) for item in record.of_category("output"))
    return tuple(str(path) for path in found if path is not None)


def output(record: Record, name: str, types: type | Iterable[type] | None) -> Any:
    """What an output holds; see `Record.get_output`."""
    item = _chosen(record, name)
    data = _bytes(record, item)
    if types is None:
        return _loaded(record, item, data)
    wanted = [types] if isinstance(types, type) else list(types)
    if bytes in wanted:
        return data
    return _fitted(item, _loaded(record, item, data), wanted)


def _chosen(record: Record, name: str) -> Artifact:
    """The one output of that name or file name, or else whose path holds it; the last saved so."""
    latest = {item.name: item for item in record.of_category("output")}
    if name in latest:
        return latest[name]
    items = latest.values()
    found = [item for item in items if name in _file_names(item.name, record.path_of(item))]
    found = found or [item for item in items if name in item.name or name in record.path_of(item)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError.of(
            "several-outputs",
            f"{len(found)} outputs of the record {record.label} have {name!r} in their paths",
            mend=f"Name one of {', '.join(item.name for item in found[:5])}.",
        )
    known = f"It has {', '.join(list(latest)[:5])}." if latest else "It has none."
    raise UserError.of(
        "no-output",
        f"the record {record.label} has no output {name!r}",
        mend=did_you_mean(name, latest) or known,
    )


def _file_names(*paths: str) -> set[str]:
    """What files are called, with and without their endings."""
    return {name for path in map(Path, paths) for name in (path.name, path.stem)}


def _bytes(record: Record, item: Artifact) -> bytes:
    store = record.store
    if store is None:
        raise UserError.of("no-store", f"the record {record.id} is of no store")
    if store.has(item.digest):
        return store.get(item.digest)
    path = _file(store, record, item)
    data = None if path is None else path.read_bytes()
    if data is None or not _is(item, data):
        raise StoreError.of(
            "not-here",
            f"the output {item.name!r} of the record {record.label} is not in the store, and "
            f"{record.path_of(item)!r} is no file, or another one by now",
            mend="Bring the file back, or merge the store that has it.",
        )
    return data


def _file(store: Store, record: Record, item: Artifact) -> Path | None:
    """A file with the content of an artifact; None if there is none any more."""
    path = store.project / record.path_of(item)
    try:
        there = item.path is not None and path.is_file()
        if there and item.digest.startswith(_SHA1):
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha1").hexdigest()
            return path if found == item.digest.removeprefix(_SHA1) else None
        if there and store.digest_of(path) == item.digest:
            return path
    except (OSError, ValueError):  # unreadable, or a path that cannot be
        return None
    return store.locate(item.digest)


def _is(item: Artifact, data: bytes) -> bool:
    if item.digest.startswith(_SHA1):
        return hashlib.sha1(data, usedforsecurity=False).hexdigest() == item.digest[len(_SHA1) :]
    return digest_bytes(data) == item.digest


def _loaded(record: Record, item: Artifact, data: bytes) -> Any:
    if item.type == "application/json" and item.name == "result" and record.kind == "task":
        return decode(orjson.loads(data))  # what all results of tasks were kept as once
    return load(item.type, data)


def _fitted(item: Artifact, value: Any, wanted: list[type]) -> Any:
    """The value as the first of the types that it is, or that can be made of it."""
    for kind in wanted:
        if isinstance(value, kind):
            return value
        validate = getattr(kind, "model_validate", None)  # pydantic's models
        if validate is not None:
            try:
                return validate(value)
            except ValueError:
                continue
    raise UserError.of(
        "other-type",
        f"the output {item.name!r} holds a {type(value).__name__}, and none of "
        f"{', '.join(kind.__name__ for kind in wanted)}",
        mend="Without data_types it is given as it was saved.",
    )
