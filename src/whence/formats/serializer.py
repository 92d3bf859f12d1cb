"""Objects as bytes of a media type, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from whence.base.error import UserError, WhenceError
from whence.formats.figure import is_matplotlib
from whence.formats.format import UNKNOWN, Format, format_named, formats, formats_for

_TRUST = "If it was pickled and you trust who saved it, pass allow_pickle=True."


@dataclass(frozen=True, slots=True)
class Dumped:
    """An object as bytes.

    Attributes
    ----------
    format : Format
        What reads them.
    data : bytes
    """

    format: Format
    data: bytes


def dump(obj: Any, *, media_type: str | None = None, allow_pickle: bool = False) -> Dumped:
    """An object as the bytes of the format that keeps it exactly.

    Parameters
    ----------
    obj : object
        An array, table, tensor, figure, text, bytes or plain value; anything that can be pickled
        if that is allowed.
    media_type : str, optional
        What is to keep it; if not given, the preferred one of the formats that keep it exactly.
    allow_pickle : bool
        Pickle what no format keeps exactly.

    Raises
    ------
    UserError
        If no format, or not the one asked for, keeps it exactly, and it may not or cannot be
        pickled.
    MissingExtraError
        If the package that would keep it is not installed.

    Examples
    --------
    >>> dumped = dump({1: (2, 3)})
    >>> load(dumped.format.media_type, dumped.data)
    {1: (2, 3)}
    """
    refused: list[WhenceError] = []
    for entry in formats_for(obj) if media_type is None else [_asked(obj, media_type)]:
        if entry.dump is None:
            continue
        try:
            return Dumped(entry, entry.dump(obj))
        except WhenceError as error:
            refused.append(error)
    if allow_pickle:
        pickled = formats()["pickle"]
        assert pickled.dump is not None
        return Dumped(pickled, pickled.dump(obj))
    if refused and not isinstance(refused[-1], UserError):
        raise refused[-1]
    kind = type(obj)
    why = "".join(f": {problem.message}" for error in refused for problem in error.problems[:1])
    raise UserError.of(
        "not-kept",
        f"no format keeps this {kind.__module__}.{kind.__qualname__} exactly{why}",
        mend=(_FIGURE if is_matplotlib(obj) else _VALUES)
        + " Or pass allow_pickle=True, here and to get_artifact, to have Python pickle it.",
    )


_FIGURE = "Run.save_object keeps it as a picture; elsewhere log the file that savefig writes."
_VALUES = "Turn it into an array, a table or plain values."


def _asked(obj: Any, media_type: str) -> Format:
    fitting = formats_for(obj)
    for entry in fitting:
        if media_type == entry.media_type:
            return entry
    kind = type(obj)
    known = ", ".join(entry.media_type for entry in fitting)
    raise UserError.of(
        "not-kept",
        f"{media_type!r} does not keep {kind.__module__}.{kind.__qualname__} exactly",
        mend=f"These do: {known}." if known else None,
    )


def load(media_type: str, data: bytes, *, allow_pickle: bool = False) -> Any:
    """The object that bytes of a media type are; the bytes themselves where none is known.

    Parameters
    ----------
    media_type : str
        As `dump` told, or one of Simvue's.
    data : bytes
        Trusted to be nothing: reading them runs no code unless `allow_pickle` is set.
    allow_pickle : bool
        Also unpickle. Only for data from people you trust: a pickle can run any code.

    Raises
    ------
    UserError
        If the data is not of that media type, or only unpickling would read it.
    """
    entry = format_named(media_type)
    if entry is None:
        return data
    if entry.media_type == UNKNOWN:
        return _unpickled(data) if allow_pickle and _is_pickle(data) else data
    if entry.load is None and entry.unsafe is None:
        return data
    try:
        if allow_pickle and entry.unsafe is not None:
            return entry.unsafe(data)
        if entry.load is not None:
            return entry.load(data)
    except WhenceError:
        raise
    except Exception as error:  # what a library says of bytes that lie can be anything
        raise UserError.of(
            "bad-content",
            f"the content is not what its media type {media_type} says: "
            f"{type(error).__name__}: {_line(error)}",
            mend=_TRUST
            if entry.unsafe is not None and not allow_pickle
            else "open_artifact, get_artifact_as_file and `whence cat` give the bytes as they are.",
        ) from error
    raise UserError.of(
        "pickled",
        "this object was pickled, and unpickling can run any code",
        mend=_TRUST,
    )


def _is_pickle(data: bytes) -> bool:
    return data[:1] == b"\x80" and data[1:2] in b"\x02\x03\x04\x05" and data[-1:] == b"."


def _unpickled(data: bytes) -> Any:
    return load(formats()["pickle"].media_type, data, allow_pickle=True)


def _line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:200] if lines else ""
