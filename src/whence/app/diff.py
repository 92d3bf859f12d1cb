"""In what two runs differ, down to lines of code and numbers of outputs."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whence.app.content import content_file
from whence.app.workspace import Workspace
from whence.formats.difference import FileDifference, file_difference
from whence.records import Artifact, Category, Record, RecordDifference, Records
from whence.records.difference import ABSENT, ArtifactPair, Change, code_files

_TEXT = 1 << 20  # bytes; comparing longer texts line by line takes too long
_LINES = 20_000
_DOCUMENTS = ("application/yaml", "application/json")  # people write them, and read them as text


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that is not the same in two runs.

    Attributes
    ----------
    pair : ArtifactPair
        What is on record of it; a side is None where a run has no such file.
    text : tuple of str
        A unified diff of the contents, where both are text and at hand.
    numbers : FileDifference or None
        How the numbers differ, where the format has some.
    note : str or None
        Why there is neither, or not all of it.
    """

    pair: ArtifactPair
    text: tuple[str, ...] = ()
    numbers: FileDifference | None = None
    note: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The change as plain data."""
        pair = self.pair
        sides = {"left": pair.left, "right": pair.right}
        told = {side: _brief(item) for side, item in sides.items() if item is not None}
        return {
            "name": pair.name,
            **told,
            "text": list(self.text),
            "numbers": self.numbers and self.numbers.as_dict(),
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one category in two runs: those that differ, and how many do not."""

    changed: tuple[FileChange, ...] = ()
    same: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The files as plain data."""
        return {"changed": [file.as_dict() for file in self.changed], "same": self.same}


@dataclass(frozen=True, slots=True)
class Diff:
    """In what two runs differ.

    Attributes
    ----------
    records : RecordDifference
        In what their records do.
    code, inputs, outputs : Files
        In what the contents of their files do.
    """

    records: RecordDifference
    code: Files
    inputs: Files
    outputs: Files

    @property
    def agrees(self) -> bool:
        """Whether parameters, code, inputs and outputs are the same."""
        files = (self.code, self.inputs, self.outputs)
        return not self.records.parameters and not any(one.changed for one in files)

    def as_dict(self) -> dict[str, Any]:
        """The difference as `whence diff --json` tells it."""
        told, environment = self.records, self.records.environment
        lists = {
            name: [change.as_dict() for change in getattr(told, name)]
            for name in ("parameters", "facts", "metadata")
        }
        return {
            "left": told.left.summary(),
            "right": told.right.summary(),
            "agrees": self.agrees,
            **lists,
            "code": {"version": [c.as_dict() for c in told.version], **self.code.as_dict()},
            "environment": environment and environment.as_dict(),
            "inputs": self.inputs.as_dict(),
            "outputs": self.outputs.as_dict(),
        }


def diff_runs(workspace: Workspace, left: str, right: str, *, seconds: float = 10.0) -> Diff:
    """In what two runs differ.

    Parameters
    ----------
    workspace : Workspace
        Where they are on record.
    left, right : str
        Their ids, parts of them, or names.
    seconds : float
        How long the numbers of one file are compared at most.

    Raises
    ------
    UserError
        If none or several runs fit one of the two.
    """
    records = Records(workspace.store)
    a, b = records.resolve(left), records.resolve(right)
    return diff_records(workspace, a, b, seconds=seconds)


def diff_records(
    workspace: Workspace, left: Record, right: Record, *, seconds: float = 10.0
) -> Diff:
    """In what two records differ; see `diff_runs`."""
    told = left.difference(right)
    compare = _Contents(workspace, told, seconds)
    return Diff(told, compare.code(), compare.files("input"), compare.files("output"))


@dataclass(frozen=True, slots=True)
class _Contents:
    """Compares the contents that two runs hold."""

    workspace: Workspace
    told: RecordDifference
    seconds: float

    def files(self, category: Category) -> Files:
        pairs = self.told.pairs(category)
        changed = tuple(self.change(pair) for pair in pairs if not pair.same)
        return Files(changed, len(pairs) - len(changed))

    def code(self) -> Files:
        """Files of code by what was digested, with the contents of those that were kept."""
        kept = {pair.name: pair for pair in self.told.pairs("code")}
        changes = self.told.code
        changed = [self.change(kept.get(one.key) or _known(one)) for one in changes]
        told = {one.key for one in changes}
        listed = set(code_files(self.told.left))
        others = [pair for name, pair in kept.items() if name not in listed | told]
        changed += [self.change(pair) for pair in others if not pair.same]
        return Files(tuple(changed), len(listed - told) + sum(pair.same for pair in others))

    def change(self, pair: ArtifactPair) -> FileChange:
        """What differs in the contents of two artifacts of one name."""
        if pair.left is None or pair.right is None:
            return FileChange(pair)
        if not (pair.left.digest and pair.right.digest):
            return FileChange(pair, note="the contents were not kept")
        with ExitStack() as stack:
            paths = [
                stack.enter_context(content_file(self.workspace, record, item))
                for record, item in ((self.told.left, pair.left), (self.told.right, pair.right))
            ]
            left, right = paths
            if left is None or right is None:
                return FileChange(pair, note="the contents are not at hand any more")
            numbers = file_difference(left, right, pair.left.type, self.seconds)
            read = numbers if numbers.arrays or numbers.compared else None
            if read and pair.left.type not in _DOCUMENTS:
                return FileChange(pair, numbers=read, note=read.note)
            a, b = _lines(left), _lines(right)
            text = () if a is None or b is None else unified(pair.name, a, b)
            return FileChange(pair, text, read, None if text else numbers.note)


def unified(name: str, left: Sequence[str], right: Sequence[str]) -> tuple[str, ...]:
    """The unified diff of two texts, without line ends."""
    found = difflib.unified_diff(left, right, f"a/{name}", f"b/{name}", lineterm="")
    return tuple(found)


def _lines(path: Path) -> list[str] | None:
    """The lines of a text that is not too long to compare, else None."""
    if path.stat().st_size > _TEXT:
        return None
    data = path.read_bytes()
    try:
        lines = None if b"\0" in data else data.decode().splitlines()
    except UnicodeDecodeError:
        return None
    return lines if lines is not None and len(lines) <= _LINES else None


def _known(change: Change) -> ArtifactPair:
    """A file of code of which only the digest is known."""
    sides = (
        None if digest is ABSENT else Artifact(change.key, "code", "", str(digest), 0, "reference")
        for digest in (change.left, change.right)
    )
    return ArtifactPair(change.key, *sides)


def _brief(item: Artifact) -> dict[str, Any]:
    return {"digest": item.digest, "size": item.size, "type": item.type, "path": item.path}
