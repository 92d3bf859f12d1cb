"""Whole records as lines of JSON, to go to another store and come back.

A line is a content (``content``, ``base64``) or a record (``record``, ``lines``, ``metrics``). The
journal lines of a record keep their writers, numbers and places in the order, so that reading the
same file twice adds nothing, and reading a newer one adds what is new.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from whence.app import sumatra
from whence.app.choice import chosen_runs, sorted_words
from whence.app.content import content_file
from whence.app.workspace import Workspace
from whence.base.digest import digest_bytes
from whence.base.error import UserError, WhenceError
from whence.base.escape import decode
from whence.base.problem import Problem, Where
from whence.records import Record
from whence.records.export import FORMAT, content_row, record_row
from whence.store import Index, Store
from whence.store.fact import wrong_in
from whence.store.metric import tables

_SMALL = 1 << 20  # bytes; larger contents are not written into JSON
_MOST = 5  # problems told at once
_ZIP = b"PK\x03\x04"
_FRAME = frozenset(("n", "lc", "by", "op", "of"))


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is written of records.

    Attributes
    ----------
    content : bool
        Also what they took in and put out, up to `largest` bytes each. Environments always are.
    metrics : bool
        Their metric values.
    largest : int
        The size of the largest content that is written, in bytes.
    """

    content: bool = False
    metrics: bool = True
    largest: int = _SMALL


@dataclass(slots=True)
class Exported:
    """What was written: numbers of records and contents."""

    records: int = 0
    contents: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes
    ----------
    added, grown, same : tuple of str
        Ids of records that were new, that got lines they did not have, that had them all.
    contents : int
        How many contents were read.
    """

    added: tuple[str, ...] = ()
    grown: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    contents: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The import as `whence import --json` tells it."""
        lists = {name: list(getattr(self, name)) for name in ("added", "grown", "same")}
        return {**lists, "contents": self.contents}


def export_records(
    workspace: Workspace,
    words: Sequence[str],
    out: BinaryIO,
    options: ExportOptions | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, note: None,
) -> Exported:
    """Write records as lines of JSON.

    Parameters
    ----------
    workspace : Workspace
        Where they are on record.
    words : sequence of str
        Runs by id, part of an id or name, or filter strings; none means all.
    out : binary file
        What is written to.
    options : ExportOptions, optional
    progress : callable
        Told after each record.
    """
    runs, filters = sorted_words(workspace, words)
    records = chosen_runs(workspace, runs, filters)
    export = _Export(workspace, options or ExportOptions())
    for number, record in enumerate(records, start=1):
        for line in export.lines(record):
            out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        progress(number, len(records), record.name)
    return export.told


@dataclass(slots=True)
class _Export:
    workspace: Workspace
    options: ExportOptions
    told: Exported = field(default_factory=Exported)
    written: set[str] = field(default_factory=set)

    def lines(self, record: Record) -> Iterator[dict[str, Any]]:
        """The contents of a record that were not written yet, then the record."""
        store = self.workspace.store
        for digest in filter(None, [record.state.get("environment")]):
            yield from self._content(digest, partial(store.get, digest))
        if self.options.content:
            for item in record.artifacts:
                if item.size > self.options.largest:
                    self.told.skipped += 1
                    continue
                with content_file(self.workspace, record, item) as path:
                    if path is None:
                        self.told.skipped += 1
                    else:
                        yield from self._content(item.digest, path.read_bytes)
        yield record_row(store, record, metrics=self.options.metrics)
        self.told.records += 1

    def _content(self, digest: str, read: Callable[[], bytes]) -> Iterator[dict[str, Any]]:
        if digest in self.written:
            return
        self.written.add(digest)
        try:
            data = read()
        except (WhenceError, OSError):
            self.told.skipped += 1
            return
        yield content_row(digest, data)
        self.told.contents += 1


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file of records, all of it checked.

    Attributes
    ----------
    file : Path
    total : int
        How many lines it has, or records of Sumatra.
    foreign : list of dict or None
        The records of an export of Sumatra.
    """

    file: Path
    total: int
    foreign: list[dict[str, Any]] | None = None

    def rows(self) -> Iterable[dict[str, Any]]:
        """The records and contents."""
        return _rows(self.file) if self.foreign is None else self.foreign


def incoming_records(file: Path) -> Incoming:
    """The records in a file that `export_records` wrote, or in an export of Sumatra.

    Raises
    ------
    UserError
        If it is neither, with all that is wrong in it.
    """
    if file.is_dir():
        raise UserError.of(
            "not-an-export",
            f"{file} is a folder",
            mend=f"If it holds a store: `whence merge {file}`. {sumatra.READ}",
        )
    try:
        with file.open("rb") as source:
            start = first = source.read(len(_ZIP))
            while first.isspace():
                first = source.read(1)
        foreign = sumatra.read(file) if first.lstrip()[:1] == b"[" else None
    except OSError as error:
        raise UserError.of(
            "unreadable-file", f"cannot read {file}: {error.strerror or error}"
        ) from error
    if start == _ZIP:
        raise UserError.of(
            "not-an-export",
            f"{file} is a zip file",
            mend=f"An RO-Crate is for repositories, and is not read back. {sumatra.READ}",
        )
    return Incoming(file, _check(file) if foreign is None else len(foreign), foreign)


def import_records(
    workspace: Workspace,
    file: Path | Incoming,
    progress: Callable[[int, int, str], None] = lambda done, total, note: None,
) -> Imported:
    """Put the records of a file on record, after the whole of it was checked.

    Raises
    ------
    UserError
        If it is no such file, as `incoming_records` says.
    """
    incoming = file if isinstance(file, Incoming) else incoming_records(file)
    taken = _Import(workspace.store)
    for number, row in enumerate(incoming.rows(), start=1):
        taken.take(row)
        progress(number, incoming.total, "")
    workspace.store.writer().sync()
    return taken.told()


@dataclass(slots=True)
class _Import:
    store: Store
    ids: dict[str, str] = field(default_factory=dict)
    contents: int = 0
    index: Index | None = None

    def take(self, row: dict[str, Any]) -> None:
        """Put on record what a checked line tells and what is not there yet."""
        if "content" in row:
            self.store.writer().put(base64.b64decode(row["base64"]))
            self.contents += 1
            return
        run = row["id"]
        if self.index is None or run in self.ids:  # it may be in the file twice
            self.index = self.store.index()
        known = {key for key, _ in self.index.lines(run)}
        new = [line for line in row["lines"] if (line["lc"], line["by"], line["n"]) not in known]
        points = self._new_points(run, row.get("metrics") or [], bool(known))
        self._carry(new, points)
        edits = sumatra.edits(row, self.index.state(run) if known else None)
        for op, facts in edits:
            self.store.writer().append(op, run, facts)
        self.ids[run] = "added" if not known else "grown" if new or points or edits else "same"

    def _carry(self, lines: Iterable[dict[str, Any]], points: Iterable[dict[str, Any]]) -> None:
        """Put lines of other writers into this one's journals."""
        writer = self.store.writer()
        for line in lines:
            writer.carry(orjson.dumps(line)[:-1], points=False)
        for run in {line["run"] for line in points}:
            writer.append("points", run, {})  # says that there are some in its journals
        for line in points:
            writer.carry(orjson.dumps(line)[:-1], points=True)

    def _new_points(
        self, run: str, metrics: Iterable[dict[str, Any]], known: bool
    ) -> list[dict[str, Any]]:
        there: set[tuple[str, int]] = set()
        if known:
            for held in tables(self.store, run):
                there.update((held.writer, n) for n in held.n.tolist())
        found = []
        for table in metrics:
            columns = (table["n"], table["step"], table["time"], table["at"])
            for row, (n, step, time, at) in enumerate(zip(*columns, strict=True)):
                if (table["by"], n) in there:
                    continue
                cells = (column[row] for column in table["values"])
                values = dict(zip(table["names"], cells, strict=True))
                frame = {"n": n, "run": run, "s": step, "w": time, "t": at}
                found.append({**frame, "v": values, "by": table["by"]})
        return found

    def told(self) -> Imported:
        ways = {
            way: tuple(run for run, done in self.ids.items() if done == way)
            for way in ("added", "grown", "same")
        }
        return Imported(ways["added"], ways["grown"], ways["same"], self.contents)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open("rb") as source:
        for text in source:
            if text.strip():
                yield orjson.loads(text)


def _check(file: Path) -> int:
    """Count the lines.

    Raises
    ------
    UserError
        With all that is wrong.
    """
    problems: list[Problem] = []
    count = wrong = 0
    with file.open("rb") as source:
        for number, text in enumerate(source, start=1):
            if not text.strip():
                continue
            count += 1
            told = _wrong(text)
            if not told:
                continue
            if count == 1 and told.startswith((_NO_JSON, _FOREIGN)):
                raise UserError.of(
                    "not-an-export",
                    f"the first line is {told.partition(':')[0]}",
                    where=Where(str(file), line=number),
                    mend=sumatra.READ,
                )
            wrong += 1
            if wrong <= _MOST:
                where = Where(str(file), line=number)
                problems.append(Problem("bad-record", told, where))
    if problems:
        more = f"The same is true of {wrong - _MOST} more lines. " if wrong > _MOST else ""
        raise UserError(*problems[:-1], replace(problems[-1], mend=f"{more}{_WHOLE}"))
    if not count:
        raise UserError.of("not-an-export", f"{file} is empty", mend=sumatra.READ)
    return count


_NO_JSON = "not a line of JSON"
_FOREIGN = "not a record that whence wrote"
_WHOLE = "Nothing was imported; `whence export -o FILE` writes the file anew."


def _wrong(text: bytes) -> str | None:
    """What is wrong with a line, or None."""
    try:
        row = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return f"{_NO_JSON}: {error}"
    if type(row) is not dict or type(row.get("whence")) is not int:
        return _FOREIGN
    if row["whence"] > FORMAT:
        return f"written by a newer whence (format {row['whence']}; this one reads {FORMAT})"
    if "content" in row:
        return _wrong_content(row)
    if type(row.get("id")) is not str or not row["id"].isalnum() or len(row["id"]) > 64:
        return "the id is not one of a run"
    lines = row.get("lines")
    if type(lines) is not list or not lines:
        return "the record has no lines"
    if not all(_has_frame(line, row["id"]) for line in lines):
        return "a line of the record is not one of a journal"
    wrong = next(filter(None, map(_wrong_line, lines)), None)
    if wrong:
        return f"a line of the record is not one of a journal: {wrong}"
    metrics = row.get("metrics") or []
    if type(metrics) is not list or not all(map(_is_table, metrics)):
        return "the metrics are not columns of numbers, of one length"
    return None


def _wrong_content(row: dict[str, Any]) -> str | None:
    try:
        data = base64.b64decode(row.get("base64", ""), validate=True)
    except (binascii.Error, TypeError, ValueError):
        return "the content is not in base64"
    return None if digest_bytes(data) == row["content"] else "the content has another digest"


def _wrong_line(line: dict[str, Any]) -> str | None:
    """What of a line could not be read when it was on record, or None."""
    try:
        decode(line)
    except UserError as error:
        return error.problems[0].message
    return wrong_in(line)


def _has_frame(line: Any, run: str) -> bool:
    return (
        type(line) is dict
        and line.keys() >= _FRAME
        and line["of"] == run
        and type(line["op"]) is str
        and type(line["by"]) is str
        and line["by"].isalnum()
        and all(type(line[name]) is int and 0 <= line[name] < 2**63 for name in ("n", "lc"))
    )


def _is_table(table: Any) -> bool:
    if type(table) is not dict or type(table.get("by")) is not str:
        return False
    names, values = table.get("names"), table.get("values")
    columns = [table.get(name) for name in ("n", "step", "time", "at")]
    if type(names) is not list or type(values) is not list or len(names) != len(values):
        return False
    if not all(type(column) is list for column in [*columns, *values]):
        return False
    lengths = {len(column) for column in [*columns, *values] if column is not None}
    whole = all(type(n) is int and 0 <= n < 2**63 for n in columns[0] or ())
    steps = all(step is None or type(step) is int for step in columns[1] or ())
    numbers = all(_is_number(cell) for column in [*columns[2:], *values] for cell in column or ())
    named = all(type(name) is str for name in names)
    return len(lengths) == 1 and whole and steps and numbers and named


def _is_number(cell: Any) -> bool:
    if type(cell) in (int, float, bool):
        return True
    try:
        return cell is None or isinstance(decode(cell), (int, float))
    except UserError:
        return False
