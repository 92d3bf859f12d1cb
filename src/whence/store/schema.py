"""The tables of the index, for SQLite.

======== ====================================================================================
file     a journal file: how far it is folded, its last check, whether it has ended
day      a day folder: its times, when they were first seen (NULL once they tell of every change
         in it), and a check of the names in it
run      one row per thing on record: what is filtered and sorted by
state    the whole folded state of a run, as JSON text
span     where the lines of a run are: ``[start, stop)`` of a file, among lines of others;
         ``before`` is the check that the first is chained with
tag      one row per tag of a run
param    one row per leaf of a run's ``params`` and metadata, per field of words and alert: ``num``
         for numbers and booleans, ``text`` for text and, behind a mark (`whence.store.leaf`), for
         lists, NaN and the rest; both NULL for None
name     the dotted names of them, interned: ``param.name`` is ``name.id``; ``space`` is
         ``param``, ``meta``, ``field`` or ``alert``, ``short`` the keys in it with dots between,
         without quotation marks and ``inputs`` levels
said     what runs logged and printed, for the pieces in ``word``: ``said.id`` is its ``rowid``
word     the words of them, for full-text search; not there if SQLite was built without FTS5
artifact one row per artifact of a run
content  where packed content lies; several places if several writers packed it
version  one row per version of an artifact in a collection: by whom, of which run, what
alias    which version an alias of an artifact points to
gone     versions that were deleted, or whose deletion was taken back
folded   journals that gc has folded into others: which, how much of it, into which
fact     named numbers: ``lc``, the highest logical time seen
======== ====================================================================================

``run.deleted`` is 1 of a deletion that can be undone, 2 of one that is final.

A deleted run keeps its rows in ``run`` and ``state`` and has none in ``tag``, ``param`` and
``artifact``. Parameters and tags answer best by ``INTERSECT`` of ``SELECT run FROM ...``.
"""

from __future__ import annotations

import re

VERSION = 18

SPACES = ("param", "meta", "field", "alert")
"""What the rows of ``param`` are about."""

RUN_COLUMNS = (
    "kind",
    "name",
    "folder",
    "status",
    "created",
    "started",
    "ended",
    "first",
    "last",
    "user",
    "host",
    "parent",
    "call",
    "writer",
    "dir",
    "lc",
    "deleted",
)
"""Columns of ``run`` that come from the folded state, after ``key`` and ``id``."""

TABLES = """
CREATE TABLE file (
    id INTEGER PRIMARY KEY, day TEXT NOT NULL, name TEXT NOT NULL, writer TEXT,
    size INTEGER NOT NULL, folded INTEGER NOT NULL, mtime INTEGER NOT NULL,
    good INTEGER NOT NULL, near TEXT NOT NULL, bad INTEGER NOT NULL,
    cut INTEGER NOT NULL DEFAULT 0, tail BLOB NOT NULL,
    ended INTEGER NOT NULL, last REAL, inode INTEGER NOT NULL DEFAULT 0, UNIQUE (day, name));
CREATE TABLE day (
    name TEXT PRIMARY KEY, mtime INTEGER, ctime INTEGER, since REAL, names INTEGER) WITHOUT ROWID;
CREATE TABLE run (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT, name TEXT, folder TEXT,
    status TEXT, created REAL, started REAL, ended REAL, first REAL, last REAL, user TEXT,
    host TEXT, parent TEXT, call TEXT, writer TEXT, dir TEXT, lc INTEGER NOT NULL,
    deleted INTEGER NOT NULL);
CREATE TABLE state (run INTEGER PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE span (
    run INTEGER, file INTEGER, start INTEGER, stop INTEGER NOT NULL, before INTEGER NOT NULL,
    PRIMARY KEY (run, file, start)) WITHOUT ROWID;
CREATE TABLE tag (tag TEXT, run INTEGER, PRIMARY KEY (tag, run)) WITHOUT ROWID;
CREATE TABLE name (
    id INTEGER PRIMARY KEY, space TEXT NOT NULL, name TEXT NOT NULL, short TEXT NOT NULL,
    UNIQUE (space, name));
CREATE TABLE param (
    run INTEGER, name INTEGER, num, text TEXT, PRIMARY KEY (run, name)) WITHOUT ROWID;
CREATE TABLE said (id INTEGER PRIMARY KEY, run INTEGER NOT NULL);
CREATE TABLE artifact (
    run INTEGER, category TEXT, name TEXT, digest TEXT, type TEXT, size INTEGER, kept TEXT,
    path TEXT, PRIMARY KEY (run, category, name, digest)) WITHOUT ROWID;
CREATE TABLE content (
    digest TEXT, pack TEXT, offset INTEGER, length INTEGER,
    PRIMARY KEY (digest, pack, offset)) WITHOUT ROWID;
CREATE TABLE folded (
    file TEXT, into_ TEXT, writer TEXT NOT NULL, size INTEGER NOT NULL, last REAL,
    PRIMARY KEY (file, into_)) WITHOUT ROWID;
CREATE TABLE version (
    collection TEXT, artifact TEXT, number INTEGER, writer TEXT, run TEXT, digest TEXT NOT NULL,
    at REAL, failed INTEGER NOT NULL, lc INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (collection, artifact, number, writer)) WITHOUT ROWID;
CREATE TABLE alias (
    collection TEXT, artifact TEXT, alias TEXT, number INTEGER, writer TEXT, lc INTEGER NOT NULL,
    by_ TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (collection, artifact, alias)) WITHOUT ROWID;
CREATE TABLE gone (
    collection TEXT, artifact TEXT, number INTEGER, writer TEXT, deleted INTEGER NOT NULL,
    lc INTEGER NOT NULL, by_ TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (collection, artifact, number, writer)) WITHOUT ROWID;
CREATE TABLE fact (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""

NAMES = frozenset(re.findall(r"CREATE TABLE (\w+)", TABLES))

WORDS = "CREATE VIRTUAL TABLE word USING fts5 (text, content = '')"

# Made after a first fold, when sorting a whole table once is cheaper than placing row by row.
INDEXES = """
CREATE INDEX IF NOT EXISTS run_created ON run (created, id);
CREATE INDEX IF NOT EXISTS run_started ON run (started);
CREATE INDEX IF NOT EXISTS run_name ON run (name);
CREATE INDEX IF NOT EXISTS run_status ON run (status);
CREATE INDEX IF NOT EXISTS run_folder ON run (folder);
CREATE INDEX IF NOT EXISTS run_parent ON run (parent) WHERE parent IS NOT NULL;
CREATE INDEX IF NOT EXISTS run_call ON run (call) WHERE call IS NOT NULL;
CREATE INDEX IF NOT EXISTS run_deleted ON run (deleted) WHERE deleted;
CREATE INDEX IF NOT EXISTS run_dir ON run (dir) WHERE dir IS NOT NULL;
CREATE INDEX IF NOT EXISTS param_num ON param (name, num, run);
CREATE INDEX IF NOT EXISTS param_text ON param (name, text, run) WHERE text IS NOT NULL;
CREATE INDEX IF NOT EXISTS name_short ON name (space, short);
CREATE INDEX IF NOT EXISTS said_run ON said (run);
CREATE INDEX IF NOT EXISTS artifact_digest ON artifact (digest, category, run);
CREATE INDEX IF NOT EXISTS artifact_path ON artifact (path)
    WHERE category = 'output' AND substr(path, 1, 2) <> './';
CREATE INDEX IF NOT EXISTS file_open ON file (ended, day) WHERE ended = 0;
CREATE INDEX IF NOT EXISTS file_writer ON file (writer);
CREATE INDEX IF NOT EXISTS file_hurt ON file (id) WHERE bad OR size > folded;
CREATE INDEX IF NOT EXISTS folded_writer ON folded (writer);
CREATE INDEX IF NOT EXISTS folded_into ON folded (into_);
"""
