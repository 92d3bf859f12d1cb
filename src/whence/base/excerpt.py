"""Values in a few characters, for tables and messages."""

from __future__ import annotations

import re
from typing import Any

# What sets colours, moves the cursor or names the window.
_CONTROLS = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def short(value: Any, width: int = 40) -> str:
    """A text as it is and anything else as Python writes it, with an ellipsis where it is cut.

    Examples
    --------
    >>> short("a rather long text", 10), short(0.5)
    ('a rather …', '0.5')
    """
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def counted(count: int, one: str, several: str | None = None) -> str:
    """A number of things.

    Examples
    --------
    >>> counted(1, "run"), counted(3, "run"), counted(0, "entry", "entries")
    ('1 run', '3 runs', '0 entries')
    """
    return f"{count} {one if count == 1 else several or one + 's'}"


def measure(number: str, unit: str | None) -> str:
    """A number with its unit; alone where it has no dimension, as the unit 1 tells.

    Examples
    --------
    >>> measure("2.5", "kJ/mol"), measure("0", "1"), measure("7", None)
    ('2.5 kJ/mol', '0', '7')
    """
    return number if unit in (None, "", "1") else f"{number} {unit}"


def plain(line: str) -> str:
    r"""What a terminal shows of a line in the end, without colours.

    Examples
    --------
    >>> print(plain(chr(27) + "[31mred" + chr(27) + "[0m"))
    red
    >>> print(plain("1 %\r100 %\r"))
    100 %
    """
    return _CONTROLS.sub("", line).rstrip("\r").rpartition("\r")[2]


def printable(text: str) -> str:
    r"""The text without what would move a terminal's cursor or change its colours.

    Examples
    --------
    >>> print(printable("a" + chr(27) + "[2Jb"))
    a\x1b[2Jb
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def size(count: float) -> str:
    """A number of bytes as people say it.

    Examples
    --------
    >>> size(999), size(36_800), size(3e15)
    ('999 B', '36.8 kB', '3000.0 TB')
    """
    if count < 1000:
        return f"{count:.0f} B"
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 1000:
            return f"{count:.1f} {unit}"
    return f"{count / 1000:.1f} TB"
