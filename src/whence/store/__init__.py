"""Journals, objects, packs and the index over them: what a record is made of."""

from whence.store.cache import CacheFolder, cache_folder
from whence.store.content import Content, Slice
from whence.store.field import words
from whence.store.files import Files
from whence.store.fold import fold
from whence.store.index import Index
from whence.store.leaf import cell, leaves
from whence.store.load import without_inputs
from whence.store.metric import Point, points, tables
from whence.store.process import is_alive, this_process
from whence.store.store import Store
from whence.store.table import NO_STEP, Table
from whence.store.verify import Report
from whence.store.writer import Writer

__all__ = [
    "CacheFolder",
    "Content",
    "Files",
    "NO_STEP",
    "Index",
    "Point",
    "Report",
    "Slice",
    "Store",
    "Table",
    "Writer",
    "cache_folder",
    "cell",
    "fold",
    "is_alive",
    "leaves",
    "points",
    "tables",
    "this_process",
    "without_inputs",
    "words",
]
