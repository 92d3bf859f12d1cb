"""What users tell about a run, checked, in the form in which it is written."""

from __future__ import annotations

import math
import os
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Literal, get_args

from whence.base.error import UserError
from whence.base.escape import encode
from whence.base.problem import did_you_mean

ENDS = {
    "completed": "completed",
    "failed": "failed",
    "terminated": "terminated",
    "finished": "completed",
    "crashed": "failed",
    "killed": "terminated",
}
"""The words for how a run can end, and the status that each means."""

ENDING = ("ended", "exit", "error")
"""The fields that tell of the end of a run; one that goes on has none."""

LEVELS = ("debug", "info", "warning", "error", "critical")
Mode = Literal["online", "offline", "disabled"]
MODES = get_args(Mode)
NOTIFICATIONS = ("none", "all", "error", "lost")

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2592000}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+?)s?\s*", re.IGNORECASE)


def metadata_of(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """Metadata, encoded."""
    if metadata is not None and not isinstance(metadata, Mapping):
        raise UserError.of(
            "bad-metadata",
            f"metadata are names and values, not a {type(metadata).__name__}",
            mend="Pass a mapping: `{'rate': 0.3}`.",
        )
    return {
        key_of(key, "metadata"): encode(value, ("metadata", str(key)))
        for key, value in (metadata or {}).items()
    }


def again(name: str | None) -> str | None:
    """The name of a run that repeats one of that name, so that the name still means one run.

    Examples
    --------
    >>> again("melt"), again("melt (again)")
    ('melt (again)', 'melt (again)')
    """
    mark = " (again)"
    return name + mark if name and not name.endswith(mark) else name


def parameters_of(
    parameters: Mapping[str, Any] | None, params: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Parameters, given under either of two names, as a plain mapping."""
    if parameters is not None and params is not None:
        raise UserError.of(
            "given-twice",
            "parameters and params are two spellings of one thing",
            mend="Give only one.",
        )
    parameters = parameters if parameters is not None else params
    if parameters is not None and not isinstance(parameters, Mapping):
        raise UserError.of(
            "bad-parameters",
            f"parameters are names and values, not a {type(parameters).__name__}",
            mend="Pass a mapping: `{'rate': 0.3}`.",
        )
    return dict(parameters or {})


def key_of(key: Any, of: str) -> str:
    """A key that can name a value."""
    if isinstance(key, str) and key and key.isprintable() and key[:1] != "$":
        return str(key)
    raise UserError.of(
        "bad-key",
        f"{key!r} cannot name a {of} value",
        mend="Use printable text that does not begin with '$'.",
    )


def tags_of(tags: Iterable[str] | None) -> list[str]:
    """Tags, each once."""
    words = _listed(tags)
    for word in words:
        if not (isinstance(word, str) and word.strip() and word.isprintable()):
            raise UserError.of("bad-tag", f"{word!r} cannot be a tag", mend="Use printable text.")
    return [str(word) for word in dict.fromkeys(words)]


def _listed(value: Any) -> list[Any]:
    """Several values, or the one that stands alone."""
    if value is None:
        return []
    alone = isinstance(value, str) or not isinstance(value, Iterable)
    return [value] if alone else list(value)


def folder_of(folder: str | None) -> str:
    """A folder of runs; the topmost if none is given."""
    if folder is None:
        return "/"
    if not (isinstance(folder, str) and folder.startswith("/") and folder.isprintable()):
        raise UserError.of(
            "bad-folder",
            f"{folder!r} cannot be a folder of runs",
            mend="Give one that begins with '/', like '/melt/first'.",
        )
    return "/" + folder.strip("/")


def text_of(value: str | None, of: str) -> Any:
    """A text, encoded."""
    if value is None or isinstance(value, str):
        return encode(value)
    raise UserError.of("bad-text", f"the {of} must be text, not {value!r}")


def number_of(value: Any, of: str) -> float:
    """A finite number."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise UserError.of("bad-number", f"the {of} must be a number, not {value!r}")


def level_of(level: Any) -> str:
    """The level of an event."""
    word = level.lower() if isinstance(level, str) else str(level)
    return one_of(word, LEVELS, "level")


def one_of(word: str, known: Iterable[str], of: str) -> str:
    """A word that is one of those known."""
    words = list(known)
    if word in words:
        return word
    raise UserError.of(
        f"unknown-{of}",
        f"there is no {of} {word!r}",
        mend=did_you_mean(word, words) or f"Use one of {', '.join(words)}.",
    )


def unless(value: Any, usual: Any) -> Any:
    """The value, or None where it is the usual one, which needs no words."""
    return None if value == usual else value


def seconds_of(value: str | float | None, of: str) -> float | None:
    """A length of time in seconds, given as a number or in words like ``"2 days"``."""
    if value is None:
        return None
    if isinstance(value, str):
        found = _DURATION.fullmatch(value)
        unit = found and _UNITS.get(found[2].lower())
        if found and unit:
            return float(found[1]) * unit
    elif not isinstance(value, bool) and isinstance(value, int | float) and value >= 0:
        return float(value)
    raise UserError.of(
        "bad-duration",
        f"{value!r} is no length of time for the {of}",
        mend="Give seconds, or words like '1 hour' or '30 days'.",
    )


def visibility_of(value: str | Iterable[str] | None) -> Any:
    """Who may see a run: ``public``, ``tenant``, or names of users."""
    if value is None or value in ("public", "tenant"):
        return value
    users = _listed(value)
    if not isinstance(value, str) and all(isinstance(user, str) and user for user in users):
        return users
    raise UserError.of(
        "bad-visibility",
        f"nobody is meant by the visibility {value!r}",
        mend="Use 'public', 'tenant' or a list of user names.",
    )


def error_facts(error: BaseException) -> dict[str, Any]:
    """What was raised, as the ``error`` field of a run: type, message and traceback.

    The traceback begins where the user's code does; Ctrl-C that met none of it has none.
    """
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ != "builtins":
        name = f"{kind.__module__}.{name}"
    try:
        message = str(error)
    except Exception as broken:  # the exception's own code: it may raise anything
        message = f"(its message could not be told: {broken!r})"
    stack = error.__traceback__
    if isinstance(error, KeyboardInterrupt):
        message = message or "ended by Ctrl-C"
        if all(_is_library(file) for file in _files(stack)):
            return {"type": encode(name), "message": encode(message), "traceback": None}
    try:
        text = "".join(traceback.format_exception(kind, error, _users(stack)))
    except Exception:  # of the same kind: what is formatted includes its message
        text = "".join(traceback.format_tb(error.__traceback__)) + name
    return {"type": encode(name), "message": encode(message), "traceback": encode(text)}


def _users(stack: TracebackType | None) -> TracebackType | None:
    """The stack without the first frames, which are whence's own; all of it if all are."""
    at = stack
    while at is not None and at.tb_frame.f_code.co_filename.startswith(_OWN):
        at = at.tb_next
    return at or stack


def _files(stack: TracebackType | None) -> Iterator[str]:
    while stack is not None:
        yield stack.tb_frame.f_code.co_filename
        stack = stack.tb_next


def _is_library(file: str) -> bool:
    """Whether a frame is whence's, or of Python's own library."""
    return file.startswith((_OWN, "<frozen ")) or (
        file.startswith(_LIBRARY) and "site-packages" not in file
    )


_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARY = os.path.dirname(os.__file__) + os.sep


def ending_of(error: BaseException) -> tuple[str, dict[str, Any]]:
    """The status and further fields of a run that ends by what was raised."""
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return "completed", {}
    told: dict[str, Any] = {"error": error_facts(error)}
    if isinstance(error, SystemExit):
        told["exit"] = error.code if isinstance(error.code, int) else 1
    return "terminated" if isinstance(error, KeyboardInterrupt) else "failed", told


def abort_facts(reason: str) -> dict[str, Any]:
    """How a run was aborted, as its fields tell it."""
    error = {"type": "Aborted", "message": encode(reason), "traceback": None}
    return {"status": "terminated", "error": error}
