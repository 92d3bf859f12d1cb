"""Journals, objects, packs and the index over them: what a record is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.base.lazy import lazily

# At once, as its module has the same name.
from whence.store.fold import fold

if TYPE_CHECKING:
    from whence.store.cache import CacheFolder, cache_folder
    from whence.store.claim import claim_number
    from whence.store.content import Content, Slice
    from whence.store.deleted import DeletedIndex
    from whence.store.disposal import Collected, collect
    from whence.store.field import words
    from whence.store.files import Files
    from whence.store.health import Finding, Health, examine
    from whence.store.index import Index
    from whence.store.leaf import cell, leaves
    from whence.store.load import short_name
    from whence.store.merger import Merged, merge
    from whence.store.metric import last_point, tables, tables_of_runs, untold_runs
    from whence.store.process import enclosing_run, is_alive, this_process, user_name
    from whence.store.store import Store
    from whence.store.table import NO_STEP, Table
    from whence.store.verify import Report
    from whence.store.version import VersionRow, aliases, version_id, versions
    from whence.store.writer import Writer

# Reading the index must not pay for what writes, and completion in a shell for neither.
_HOMES = {
    "cache": ("CacheFolder", "cache_folder"),
    "claim": ("claim_number",),
    "content": ("Content", "Slice"),
    "deleted": ("DeletedIndex",),
    "disposal": ("Collected", "collect"),
    "field": ("words",),
    "files": ("Files",),
    "health": ("Finding", "Health", "examine"),
    "index": ("Index",),
    "leaf": ("cell", "leaves"),
    "load": ("short_name",),
    "merger": ("Merged", "merge"),
    "metric": ("last_point", "tables", "tables_of_runs", "untold_runs"),
    "process": ("enclosing_run", "is_alive", "this_process", "user_name"),
    "store": ("Store",),
    "table": ("NO_STEP", "Table"),
    "verify": ("Report",),
    "version": ("VersionRow", "aliases", "version_id", "versions"),
    "writer": ("Writer",),
}

__all__ = [
    "CacheFolder",
    "Collected",
    "Content",
    "DeletedIndex",
    "Files",
    "Finding",
    "Health",
    "Index",
    "Merged",
    "NO_STEP",
    "Report",
    "Slice",
    "Store",
    "Table",
    "VersionRow",
    "Writer",
    "aliases",
    "cache_folder",
    "cell",
    "claim_number",
    "collect",
    "enclosing_run",
    "examine",
    "fold",
    "is_alive",
    "last_point",
    "leaves",
    "merge",
    "tables",
    "tables_of_runs",
    "this_process",
    "untold_runs",
    "user_name",
    "version_id",
    "versions",
    "short_name",
    "words",
]

__getattr__ = lazily(__name__, _HOMES)
