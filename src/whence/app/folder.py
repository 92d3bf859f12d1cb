"""The folders that group runs, as those runs tell of them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import orjson

from whence.app.deletion import delete, plan_deletion
from whence.app.page import Page
from whence.app.workspace import Workspace
from whence.base.error import UserError
from whence.base.escape import readable
from whence.base.excerpt import counted
from whence.base.problem import did_you_mean
from whence.params import flatten
from whence.records import Record, Records
from whence.records.criterion import Text
from whence.store import Store

_COLUMNS = ("path", "created", "modified", "runs", "metadata.")
_HAS = re.compile(r"has\s+(?P<not>not\s+)?tag\.(?P<tag>\S.*)")
_EXISTS = re.compile(r"(?P<key>metadata\.\S+)\s+(?P<not>not\s+)?exists")
_COMPARE = re.compile(
    r"(?P<key>path|description|metadata\.[^\s=!<>]+)\s*"
    r"(?P<operator>==|!=|<=|>=|<|>|\bcontains\b)\s*(?P<value>.+)"
)
_MEND = "Write 'path contains melt', 'description contains x', 'has tag.t' or 'metadata.x > 3'."
_WAYS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": lambda one, other: one == other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of runs; there is one as long as there are runs in it or below it.

    Attributes
    ----------
    path : str
        Where it is, like ``/melt/first``.
    runs : int
        How many runs are in it; those in folders below are not counted.
    description : str or None
        As the newest run told it that told one.
    tags : tuple of str
        As the newest run told them that told some.
    metadata : mapping
        Of all its runs; for a key that several told, the newest run's word counts.
    created, modified : float or None
        When the first of its runs was put on record, and when the last word was written of one,
        in seconds since 1970-01-01 UTC.
    """

    path: str
    runs: int = 0
    description: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] | None = None
    created: float | None = None
    modified: float | None = None

    def value(self, column: str) -> Any:
        """What it has in a column to filter or sort by; ``metadata.x`` is one too."""
        space, _, key = column.partition(".")
        return (
            flatten(self.metadata or {}).get(key) if space == "metadata" else getattr(self, space)
        )


def find_folders(
    store: Store, filters: str | Iterable[str] = (), page: Page | None = None
) -> list[Folder]:
    """The folders that fit all filters, by path if no other order is asked for.

    Raises
    ------
    UserError
        If a filter or a column is none.
    """
    tests = [_test(text) for text in ([filters] if isinstance(filters, str) else filters)]
    found = [one for one in _folders(store) if all(test(one) for test in tests)]
    return (page or Page()).of(found, _COLUMNS, Folder.value)


def find_folder(store: Store, path: str) -> Folder:
    """The folder of that path.

    Raises
    ------
    UserError
        If no run is in it or below it.
    """
    meant = _path(path)
    folders = {one.path: one for one in _folders(store, meant)}
    found = folders.get(meant)
    if found is None:
        raise UserError.of(
            "unknown-folder",
            f"no run is in the folder {path!r}",
            mend=did_you_mean(str(path), list(folders)),
        )
    return found


def delete_runs_in(store: Store, path: str, *, below: bool = False) -> list[str]:
    """Delete the runs of a folder, and of those below it if so wanted; gives their ids.

    They can be brought back by `whence delete --undo` until gc collects them.

    Raises
    ------
    UserError
        If there is no such folder, or one of the runs is still running; then none is deleted.
    """
    records = _runs_in(store, find_folder(store, path).path, below)
    workspace = Workspace(store.project, store)
    delete(workspace, plan_deletion(workspace, records))
    return [record.id for record in records]


@dataclass(frozen=True, slots=True)
class Removal:
    """What may go with a folder: those below it, its runs; and whether it need be there."""

    recursive: bool = False
    remove_runs: bool = False
    allow_missing: bool = False


def delete_folder(store: Store, path: str, removal: Removal) -> list[str]:
    """Delete a folder with its runs; gives their ids.

    Raises
    ------
    UserError
        If there is none, or it holds what may not go; then nothing is deleted.
    """
    try:
        folder = find_folder(store, path)
    except UserError as error:
        if removal.allow_missing and error.problems[0].code == "unknown-folder":
            return []
        raise
    deeper = len(_runs_in(store, folder.path, True)) - folder.runs
    if deeper and not removal.recursive:
        raise UserError.of(
            "folder-not-empty",
            f"{counted(deeper, 'run is', 'runs are')} in folders below {folder.path!r}",
            mend="recursive=True takes those too.",
        )
    if (folder.runs or deeper) and not removal.remove_runs:
        raise UserError.of(
            "folder-not-empty",
            f"{counted(folder.runs + deeper, 'run is', 'runs are')} in {folder.path!r}, and a "
            "folder is what its runs tell of it",
            mend="remove_runs=True deletes them; until gc collects them they can be brought back.",
        )
    return delete_runs_in(store, path, below=removal.recursive)


def _path(given: Any) -> str:
    if not isinstance(given, str) or not given.startswith("/"):
        raise UserError.of(
            "bad-folder", f"{given!r} is no folder of runs", mend="Their paths begin with '/'."
        )
    return "/" + given.strip("/")


def _runs_in(store: Store, path: str, below: bool) -> list[Record]:
    return Records(store).select(Text("folder", "below" if below else "is", path))[0]


def _folders(store: Store, only: str | None = None) -> list[Folder]:
    """All folders, those that only hold others too, by path; with details of `only` that one."""
    connection = Records(store).connection
    rows = connection.execute(
        "SELECT ifnull(folder, '/'), count(*), min(created), max(last) FROM run "
        "WHERE NOT deleted GROUP BY 1"
    )
    counted = {str(readable(path)): (count, born, last) for path, count, born, last in rows}
    above = {str(parent) for path in counted for parent in PurePosixPath(path).parents}
    told = _details(connection, only)
    found = []
    for path in sorted(above | {"/"} | set(counted)):
        count, born, last = counted.get(path, (0, None, None))
        details = told.get(path, {})
        found.append(
            Folder(
                path,
                count,
                details.get("description"),
                details.get("tags", ()),
                details.get("metadata") or {},
                born,
                last,
            )
        )
    return found


def _details(connection: sqlite3.Connection, only: str | None) -> dict[str, dict[str, Any]]:
    """What runs told of their folders, by path; the oldest first, so that the newest counts."""
    rows = connection.execute(
        "SELECT ifnull(folder, '/'), "
        "json_extract(json, '$.folder_description', '$.folder_tags', '$.folder_metadata') "
        "FROM run JOIN state ON state.run = run.key WHERE NOT run.deleted AND "
        "(:only IS NULL OR ifnull(folder, '/') = :only) AND "
        "json LIKE '%\"folder\\_%' ESCAPE '\\' ORDER BY run.created, run.id",
        {"only": only},
    )
    found: dict[str, dict[str, Any]] = {}
    before: dict[str, str] = {}
    for path, text in rows:
        if before.get(path) == text:  # runs of one folder mostly tell the same
            continue
        before[path] = text
        folder = found.setdefault(str(readable(path)), {})
        description, tags, metadata = orjson.loads(text)
        if description is not None:
            folder["description"] = str(readable(description))
        if isinstance(tags, list):
            folder["tags"] = tuple(map(str, tags))
        metadata = readable(metadata)
        if isinstance(metadata, dict):
            folder["metadata"] = {**folder.get("metadata", {}), **metadata}
    return found


def _test(text: str) -> Callable[[Folder], bool]:
    """What a filter string asks of a folder."""
    words = text.strip() if isinstance(text, str) else ""
    if match := _HAS.fullmatch(words):
        tag, other = match["tag"], bool(match["not"])
        return lambda one: (tag in one.tags) != other
    if match := _EXISTS.fullmatch(words):
        name, missing = match["key"], bool(match["not"])
        return lambda one: (one.value(name) is None) == missing
    if match := _COMPARE.fullmatch(words):
        key, operator, wanted = match["key"], match["operator"], _unquoted(match["value"])
        return lambda one: _compares(one.value(key), operator, wanted)
    raise UserError.of("bad-filter", f"{text!r} is no filter for folders", mend=_MEND)


def _compares(value: Any, operator: str, wanted: str) -> bool:
    """As numbers if both are; what has no value compares with nothing."""
    if value is None:
        return False
    if operator == "contains":
        return wanted in str(value)
    if operator == "!=":
        return not _compares(value, "==", wanted)
    try:
        return _WAYS[operator](float(value), float(wanted))
    except (TypeError, ValueError):
        return _WAYS[operator](str(value), wanted)


def _unquoted(text: str) -> str:
    text = text.strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text
