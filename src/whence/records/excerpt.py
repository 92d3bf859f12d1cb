"""Values in a few characters, for tables and messages."""

from __future__ import annotations

from typing import Any


def short(value: Any, width: int = 40) -> str:
    """A text as it is and anything else as Python writes it, with an ellipsis where it is cut.

    Examples
    --------
    >>> short("a rather long text", 10), short(0.5)
    ('a rather …', '0.5')
    """
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"
