"""The identity of code that runs: what tells two versions of a function apart.

It is the one notion of it: tasks, sweeps, operations and plot functions are known by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from whence.base.digest import digest_bytes
from whence.base.teller import teller_of
from whence.base.walk import Walk


@dataclass(frozen=True, slots=True)
class Identity:
    """What a function is.

    Attributes
    ----------
    digest : str
        Other for other code, as far as values, texts and versions tell it; what they do not tell
        is listed in ``docs/again.md``. Equal code has another one where it was only written
        otherwise, as with its names or the order of a dict.
    edited : tuple of str
        Functions and modules whose file holds another text by now than what runs.
    unknown : tuple of str
        Values that the code depends on and that cannot be identified, like open files. With one
        of them the digest is new each time: nothing is found again rather than something wrong.
    """

    digest: str
    edited: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def identity_of(function: Callable[..., Any]) -> Identity:
    """The identity of a function: its text and everything of the project that it depends on.

    Of the project count the functions and classes that it names (and that these name), the
    values of globals, defaults and closures as they are now, what wraps it, and what the modules
    of all these do at their top level. Of installed libraries and of Python itself, name and
    version stand for the code.

    The text is that of the code which runs. Where a file was edited between its import and the
    first look at it, compiled code stands for it, which one version of Python only knows as that.
    """
    walk = Walk(teller_of)
    try:
        told = walk.whole(function)
    except RecursionError:
        told = walk.not_known("something nested very deep")
    digest = digest_bytes(orjson.dumps(told))
    return Identity(digest, tuple(sorted(walk.edited)), tuple(sorted(walk.unknown)))


def note_edited(functions: Sequence[str]) -> str:
    """What is to be said of functions whose file was edited."""
    return f"the file of {_listed(functions)} was edited after it was imported: what runs is older"


def note_unknown(values: Sequence[str]) -> str:
    """What is to be said of values that cannot be identified."""
    return f"nothing tells {_listed(values)} from another one, so results are not found again"


def _listed(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def code_digest(function: Callable[..., Any]) -> str:
    """The digest of a function's identity."""
    return identity_of(function).digest
