"""Tags, comments and reasons of records: lines in one's own journal, however old the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from whence.app.workspace import Workspace
from whence.base.error import UserError
from whence.base.escape import encode
from whence.records import Record, Records
from whence.store.field import words


@dataclass(frozen=True, slots=True)
class Edited:
    """Records after an edit.

    Attributes
    ----------
    records : tuple of Record
        All that were meant, as they are now.
    changed : frozenset of str
        The ids of those that were not so before.
    """

    records: tuple[Record, ...]
    changed: frozenset[str]


def edit_tags(
    workspace: Workspace,
    records: Sequence[Record],
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
) -> Edited:
    """Give tags to records and take tags from them; those that fit already stay untouched.

    Raises
    ------
    UserError
        If a tag is empty, is not printable, or is both given and taken.
    """
    given, taken = _tags(add), _tags(remove)
    both = set(given) & set(taken)
    if both:
        raise UserError.of("bad-tag", f"{sorted(both)[0]!r} is to be both added and removed")
    lines: dict[str, tuple[str, dict[str, Any]]] = {}
    for record in records:
        has = set(record.tags)
        more = [tag for tag in given if tag not in has]
        less = [tag for tag in taken if tag in has]
        if more or less:
            lines[record.id] = "tags", {"add": more, "remove": less}
    return _append(workspace, records, lines)


def edit_comment(
    workspace: Workspace, records: Sequence[Record], text: str, *, replace: bool = False
) -> Edited:
    """Add a comment to what is noted of the outcome of records, or put it in its place.

    A comment that is there already is not added again.
    """
    return _edit_text(workspace, records, "outcome", text, replace)


def edit_reason(
    workspace: Workspace, records: Sequence[Record], text: str, *, append: bool = False
) -> Edited:
    """Say why the runs were made, instead of what was said before or, if so wanted, after it."""
    return _edit_text(workspace, records, "reason", text, not append)


def _edit_text(
    workspace: Workspace, records: Sequence[Record], field: str, text: str, replace: bool
) -> Edited:
    text = text.strip()
    if not text and not replace:
        raise UserError.of("no-text", "the text is empty", mend="Write it in quotation marks.")
    lines: dict[str, tuple[str, dict[str, Any]]] = {}
    for record in records:
        before = words(dict(record.state), field)
        if text == before or (not replace and text in before.split("\n")):
            continue
        now = text if replace or not before else f"{before}\n{text}"
        lines[record.id] = "set", {"f": {field: encode(now)}}
    return _append(workspace, records, lines)


def _append(
    workspace: Workspace,
    records: Sequence[Record],
    lines: Mapping[str, tuple[str, dict[str, Any]]],
) -> Edited:
    writer = workspace.store.writer()
    for run, (op, facts) in lines.items():
        writer.append(op, run, facts)
    if lines:
        writer.sync()
    known = {record.id: record for record in records}
    if lines:
        after = Records(workspace.store)
        known |= {run: after.get(run) for run in lines}
    return Edited(tuple(known.values()), frozenset(lines))


def _tags(tags: Iterable[str]) -> list[str]:
    words = list(dict.fromkeys(tags))
    for word in words:
        if not word.strip() or not word.isprintable():
            raise UserError.of("bad-tag", f"{word!r} cannot be a tag", mend="Use printable text.")
    return words
