"""Names of artifacts: data, never paths, until one is checked to stay inside a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence

from whence.base.error import UserError
from whence.base.problem import Problem

_LONGEST = 4096
_LONGEST_PART = 255


def checked_name(name: str) -> str:
    """The name, if an artifact may be saved by it.

    Raises
    ------
    UserError
        If it is no text, or could not be that of a file in a folder: it is empty, absolute, leads
        upward, is too long, not UTF-8, or holds a NUL.
    """
    why = "it is no text" if not isinstance(name, str) else _unsafe(name.split("/"), name)
    if why is None:
        return name
    raise UserError.of(
        "bad-name",
        f"an artifact cannot be called {_short(name)}: {why}",
        mend="Give another with name=...",
    )


def readable(text: str) -> str:
    r"""A file's name or path as UTF-8 text: bytes that are none are written as ``\xe9``."""
    if text.isascii():
        return text
    return os.fsencode(text).decode("utf-8", "backslashreplace")


def parts_of(name: str) -> tuple[str, ...] | Problem:
    """The parts of the path, below a folder, of the file that holds an artifact of that name.

    Parameters
    ----------
    name : str
        Any text, also from a store that others wrote.

    Returns
    -------
    tuple of str or Problem
        Never empty, absolute, or leading upward; a problem if the name could only be so.

    Examples
    --------
    >>> parts_of("system/controlDict")
    ('system', 'controlDict')
    >>> parts_of("../../x").code
    'unsafe-name'
    """
    parts = tuple(name.split("/"))
    why = _unsafe(parts, name)
    if why is None:
        return parts
    return Problem(
        "unsafe-name",
        f"the artifact {_short(name)} cannot become a file of that name: {why}",
        None,
        "`whence cat RUN NAME > FILE` writes its content where you say.",
    )


def _unsafe(parts: Sequence[str], name: str) -> str | None:
    """Why a name cannot be that of a file below a folder."""
    if "\0" in name:
        return "it holds a NUL"
    if parts[0] == "":
        return "it is an absolute path" if name else "it is empty"
    if ".." in parts or "." in parts or "" in parts:
        return "'.', '..' or nothing between slashes would lead elsewhere"
    if len(name) <= _LONGEST_PART and name.isascii():
        return None
    try:
        if max(len(part.encode()) for part in parts) > _LONGEST_PART:
            return f"a part of it has more than {_LONGEST_PART} bytes"
        return f"it has more than {_LONGEST} bytes" if len(name.encode()) > _LONGEST else None
    except UnicodeEncodeError:
        return "it is not UTF-8"


def _short(name: object) -> str:
    text = repr(name)
    return text if len(text) <= 60 else f"{text[:50]}… ({len(text)} characters)"
