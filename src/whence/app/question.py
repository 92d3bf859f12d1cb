"""What a listing asks of each record."""

from __future__ import annotations

from whence.app.record import Listing
from whence.records import Condition, conditions_of
from whence.records.criterion import Status, Tag, Text
from whence.records.expression import word_of


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
