"""The software that a run found around it, as far as that is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from whence.base.error import WhenceError
from whence.records.record import Record

NOT_HERE = "not here yet"


def environment_of(record: Record) -> Mapping[str, Any] | None:
    """What is known of the environment of a run; None if nothing is, or it has not arrived."""
    digest, store = record.state.get("environment"), record.store
    known = told(digest, store.get) if digest and store is not None else None
    return known if isinstance(known, dict) else None


def told(digest: str, content: Callable[[str], bytes]) -> Any:
    """The JSON of a content; None if it is not here: it may be in a store not merged yet."""
    try:
        return orjson.loads(content(digest))
    except (WhenceError, OSError, orjson.JSONDecodeError):
        return None
