"""Which store a view is of, from what it is made of."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from whence.base.error import UserError
from whence.records.condition import Ids, other_store
from whence.records.query import Query
from whence.records.record import Record
from whence.store import Store


def opened(
    store: Any = None, iterable: Iterable[Record] | None = None, project: Any = None
) -> tuple[Store, Query]:
    """The store that is meant, and which of its records.

    Parameters
    ----------
    store : Store, path-like, view or iterable of Record, optional
    iterable, project : optional
        Records, and a store or project folder, by the names that smttask has for them.

    Raises
    ------
    UserError
        If there is no store, two are given, or the records are of another.
    """
    if store is not None and (iterable is not None or project is not None):
        raise UserError.of(
            "given-twice",
            "store, iterable and project are spellings of one thing",
            mend="Give the store alone, or iterable and project.",
        )
    if iterable is None:
        return _opened(project if store is None else store)
    found, query = _opened(iterable)
    if project is not None and _opened(project)[0].root != found.root:
        raise other_store()
    return found, query


def _opened(store: Any) -> tuple[Store, Query]:
    from whence.records.view import RecordStoreView

    if isinstance(store, RecordStoreView):
        return store.store, store._query
    if store is None:
        found = Store.find()
        if found is None:
            raise UserError.of(
                "no-store",
                f"there is no store in {Path.cwd()} or above it",
                mend="Give the project folder, or make a store with `whence init`.",
            )
        return found, Query()
    if isinstance(store, Store):
        return store, Query()
    if isinstance(store, (str, os.PathLike)):
        return Store.open(store), Query()
    records = list(store) if isinstance(store, Iterable) else []
    if not records or not all(isinstance(one, Record) and one.store for one in records):
        raise UserError.of(
            "bad-view",
            "a view is made of a store, a project folder or records of a store",
            mend="Without arguments it is of the store found from the working directory upward.",
        )
    (where, *others) = {one.store.root: one.store for one in records if one.store}.values()
    if others:
        raise other_store()
    return where, Query(Ids(tuple(record.id for record in records)))
