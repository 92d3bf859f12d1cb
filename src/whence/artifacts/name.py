"""Names of artifacts: data, never paths, until one is checked to stay inside a folder."""

from __future__ import annotations

import os

from whence.base.error import UserError
from whence.base.problem import Problem

_LONGEST = 4096
_LONGEST_PART = 255


def checked_name(name: str) -> str:
    """The name, if an artifact may be called so.

    Almost any text may be: what a name means as a path is asked when it becomes a file.

    Raises
    ------
    UserError
        If it is empty, no text, not UTF-8, too long, or holds a NUL.
    """
    why = None
    if not isinstance(name, str) or not name:
        why = "it is empty" if name == "" else "it is no text"
    elif "\0" in name:
        why = "it holds a NUL"
    elif any("\ud800" <= letter <= "\udfff" for letter in name):
        why = "it is not UTF-8"
    elif len(name.encode()) > _LONGEST:
        why = f"it has more than {_LONGEST} bytes"
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
    why = None
    parts = tuple(name.split("/"))
    if "\0" in name:
        why = "it holds a NUL"
    elif parts[0] == "":
        why = "it is empty" if not name else "it is an absolute path"
    elif ".." in parts or "." in parts or "" in parts:
        why = "'.', '..' or nothing between slashes would lead elsewhere"
    elif len(name) > _LONGEST_PART or not name.isascii():
        try:
            if max(len(os.fsencode(part)) for part in parts) > _LONGEST_PART:
                why = f"a part of it has more than {_LONGEST_PART} bytes"
            elif len(os.fsencode(name)) > _LONGEST:
                why = f"it has more than {_LONGEST} bytes"
        except UnicodeEncodeError:
            why = "it is no text that file names can be"
    if why is None:
        return parts
    return Problem(
        "unsafe-name",
        f"the artifact {_short(name)} cannot become a file of that name: {why}",
        None,
        "`whence cat RUN NAME > FILE` writes its content where you say.",
    )


def _short(name: object) -> str:
    text = repr(name)
    return text if len(text) <= 60 else f"{text[:50]}… ({len(text)} characters)"
