"""Tags, comments and reasons of records: lines in one's own journal, however old the record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from whence.app.workspace import Workspace
from whence.base.error import UserError
from whence.records import Record, Records, edit


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
        If a tag is empty, is not printable, is a status, or is both given and taken.
    """
    given, taken = list(add), list(remove)
    for word in [*given, *taken]:
        if not word.strip() or not word.isprintable():
            raise UserError.of("bad-tag", f"{word!r} cannot be a tag", mend="Use printable text.")
    both = sorted(set(given) & set(taken))
    if both:
        raise UserError.of("bad-tag", f"{both[0]!r} is to be both added and removed")
    edit.tag(workspace.store.writer(), records, given, taken)
    return _edited(workspace, records)


def edit_comment(
    workspace: Workspace, records: Sequence[Record], text: str, *, replace: bool = False
) -> Edited:
    """Add a comment to what is noted of the outcome of records, or put it in its place.

    A comment that is there already is not added again.
    """
    edit.comment(workspace.store.writer(), records, _checked(text, replace), replace)
    return _edited(workspace, records)


def edit_reason(
    workspace: Workspace, records: Sequence[Record], text: str, *, append: bool = False
) -> Edited:
    """Say why the runs were made, instead of what was said before or, if so wanted, after it."""
    words = _checked(text, not append)
    mode: edit.Mode = "append" if append else "replace all"
    edit.reason(workspace.store.writer(), records, words or [], mode)
    return _edited(workspace, records)


def _checked(text: str, may_be_empty: bool) -> str:
    text = text.strip()
    if not text and not may_be_empty:
        raise UserError.of("no-text", "the text is empty", mend="Write it in quotation marks.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UserError.of("bad-text", f"{text!r} is not text in UTF-8") from error
    return text


def _edited(workspace: Workspace, records: Sequence[Record]) -> Edited:
    """The records as they are now, and which are told of otherwise than before."""
    workspace.store.writer().sync()
    after = Records(workspace.store).of_ids(record.id for record in records)
    before = {record.id: _told(record) for record in records}
    changed = (one.id for one in after if _told(one) != before[one.id])
    return Edited(tuple(after), frozenset(changed))


def _told(record: Record) -> tuple[object, ...]:
    return record.tags, record.reason, record.outcome
