"""What a listing asks of each record, and of what it asks no run knows."""

from __future__ import annotations

from collections.abc import Iterator

from whence.app.record import Listing
from whence.base.problem import did_you_mean
from whence.records import Condition, Records, conditions_of
from whence.records.condition import AllOf, AnyOf
from whence.records.criterion import Status, Tag, Text
from whence.records.expression import word_of
from whence.records.value import Value

_CALLED = {"param": "parameter", "meta": "metadata"}


def conditions(asked: Listing) -> list[Condition]:
    """What a record must fulfil, all of it, to be listed.

    Raises
    ------
    UserError
        If a filter is none; all of them are told at once.
    """
    words = {text: word for text in asked.filters if (word := word_of(text)) is not None}
    others = conditions_of([text for text in asked.filters if text not in words])
    parts: list[Condition] = [others, *words.values(), *map(Tag, asked.tags)]
    if asked.status is not None:
        parts.append(Status(asked.status))
    if asked.folder is not None:
        parts.append(Text("folder", "below", asked.folder))
    if asked.kind is not None:
        parts.append(Text("kind", "is", asked.kind))
    return parts


def unheard_of(records: Records, condition: Condition) -> Iterator[str]:
    """A sentence for each parameter or metadata that is asked for and that no run has."""
    if isinstance(condition, AllOf):
        for part in condition.parts:
            yield from unheard_of(records, part)
    elif isinstance(condition, AnyOf):  # a value as a number or as text
        yield from dict.fromkeys(
            sentence for part in condition.parts for sentence in unheard_of(records, part)
        )
    elif isinstance(condition, Value) and condition.space in _CALLED:
        names = records.names
        if not any(names.of(condition.space, condition.key, below) for below in (False, True)):
            near = did_you_mean(condition.key, names.all())
            told = f"No run on record has a {_CALLED[condition.space]} {condition.key!r}."
            yield f"{told} {near}" if near else told
