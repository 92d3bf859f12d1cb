"""Edits of records: each a line in this process's own journal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, get_args

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.records.criterion import compiled, status_of
from whence.records.record import Record
from whence.store import Writer

Mode = Literal["prepend", "append", "replace all", "replace substr", "callback", "standardize"]


def tag(writer: Writer, records: Iterable[Record], add: Any = (), remove: Any = ()) -> None:
    """Put tags on records and take tags off; records that have them so already get no line.

    Raises
    ------
    UserError
        If a tag is no text, is empty, or is a status; then nothing is written.
    """
    more, less = tag_words(add), tag_words(remove)
    for word in more:
        if word != word.strip("_") and status_of(word):
            raise UserError.of(
                "status-is-no-tag",
                f"{word!r} tells a status, and cannot be set as a tag",
                mend="Tags are your own words; a run's status comes from the run.",
            )
    for record in records:
        fresh = [word for word in more if word not in record.tags]
        gone = [word for word in less if word in record.tags]
        if fresh or gone:
            writer.append("tags", record.id, {"add": fresh, "remove": gone})


def comment(writer: Writer, records: Iterable[Record], text: str, replace: bool = False) -> None:
    """Add a text to the outcome of records, unless it says so already."""
    _check_text(text, "a comment")
    for record in records:
        old = record.outcome
        new = text if replace or not old else old if text in old else f"{old}\n{text}"
        if new != old:
            writer.append("set", record.id, {"f": {"outcome": new}})


def reason(writer: Writer, records: Iterable[Record], reason: Any, mode: Mode = "prepend") -> None:
    """Change the reason of records; see `RecordStoreView.update_reason`.

    Raises
    ------
    UserError
        If there is no such mode, or the reason does not fit it; then nothing is written.
    """
    change = _changer(reason, mode)
    # What the user gave may raise at any of them: then the others stay as they are, too.
    changed = [(record, change(list(record.reason))) for record in records]
    for record, new in changed:
        if new != list(record.reason):
            writer.append("set", record.id, {"f": {"reason": new}})


def tag_words(tags: Any) -> list[str]:
    """Tags given as one text or as several."""
    several = isinstance(tags, Iterable) and not isinstance(tags, str)
    words = list(tags) if several else [tags]
    for word in words:
        if not isinstance(word, str) or not word.strip():
            raise UserError.of("bad-tag", f"a tag is a text that is not empty, not {word!r}")
    return list(dict.fromkeys(words))


def _changer(reason: Any, mode: str) -> Callable[[list[str]], list[str]]:
    if mode not in get_args(Mode):
        raise UserError.of(
            "unknown-mode",
            f"there is no mode {mode!r} to change a reason",
            mend=did_you_mean(mode, get_args(Mode)) or f"Known are: {', '.join(get_args(Mode))}.",
        )
    if mode == "replace substr":
        return _substituter(reason)
    if mode == "standardize":
        return _standard(reason)
    if mode == "callback":
        if not callable(reason):
            raise UserError.of("bad-reason", f"the mode callback needs a function, not {reason!r}")
        return lambda old: _lines(reason(tuple(old)))
    new = _lines(reason)
    if mode == "replace all":
        return lambda old: new
    if mode == "append":
        return lambda old: [*old, *(line for line in new if line not in old)]
    return lambda old: [*(line for line in new if line not in old), *old]


def _standard(reason: Any) -> Callable[[list[str]], list[str]]:
    """Each line by itself, without spaces around it, and once; empty ones are left out."""
    if reason is not None:
        raise UserError.of(
            "bad-reason",
            f"the mode standardize changes the reason that is there, and takes none: {reason!r}",
            mend="Write `update_reason(mode='standardize')`.",
        )
    return lambda old: list(
        dict.fromkeys(line.strip() for told in old for line in told.splitlines() if line.strip())
    )


def _substituter(patterns: Any) -> Callable[[list[str]], list[str]]:
    if not isinstance(patterns, Mapping):
        raise UserError.of(
            "bad-reason",
            "the mode 'replace substr' needs a mapping of regular expressions to texts, not "
            f"{patterns!r}",
        )
    pairs: list[tuple[re.Pattern[str], str]] = []
    for pattern, text in patterns.items():
        _check_text(text, "what takes the place of a pattern")
        pairs.append((compiled(pattern), text))

    def change(old: list[str]) -> list[str]:
        for pattern, text in pairs:
            try:
                old = [pattern.sub(text, line) for line in old]
            except (re.error, IndexError) as error:
                told = f"{text!r} cannot take the place of {pattern.pattern!r}: {error}"
                raise UserError.of("bad-reason", told) from None
        return old

    return change


def _lines(reason: Any) -> list[str]:
    several = isinstance(reason, Iterable) and not isinstance(reason, str)
    lines: list[Any] = list(reason) if several else [reason]
    for line in lines:
        _check_text(line, "a reason")
    return lines


def _check_text(text: Any, what: str) -> None:
    if not isinstance(text, str):
        raise UserError.of("bad-text", f"{what} is a text, not {text!r}")
