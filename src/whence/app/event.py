"""What a run logged as text."""

from __future__ import annotations

from typing import Any

from whence.app.page import Page
from whence.base.error import UserError
from whence.records import Record


def find_events(record: Record, contained: str | None, page: Page) -> list[dict[str, Any]]:
    """The events of a run with that text in their messages, by their times.

    Raises
    ------
    UserError
        If what is to be contained is no text.
    """
    if contained is not None and not isinstance(contained, str):
        raise UserError.of("bad-text", f"a message contains a text, not {contained!r}")
    events = (event for event in record.events if (contained or "") in event["message"])
    return page.of(sorted(events, key=lambda event: event["timestamp"]), (), dict.get)
