"""Metric values on record, read back."""

from __future__ import annotations

from whence.store import layout
from whence.store.cache import cache_folder
from whence.store.columnar import ColumnarCopy
from whence.store.files import failed
from whence.store.store import Store
from whence.store.table import Table, once


def tables(store: Store, run: str) -> list[Table]:
    """The metric values of a run as columns, each line counted once.

    They come from the columnar copy in the cache; what journals have grown by is added to it.

    Raises
    ------
    UserError
        If there is no such run.
    StoreError
        If journals cannot be read.
    """
    cache = cache_folder(store.root)
    found: list[Table] = []
    for name in journals_of(store, run):
        path = layout.journals(store.root) / name
        try:
            found += ColumnarCopy(store.files, path, cache).tables(run)
        except OSError as error:
            raise failed(error, "read", path) from error
    return once(found)


def journals_of(store: Store, run: str) -> list[str]:
    """The files that hold values of a run; one that journals were folded into counts once."""
    index = store.index()
    writers = index.state(run)["points"]
    return list(dict.fromkeys(name for one in writers for name in index.metrics_files(one)))
