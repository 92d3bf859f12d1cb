"""A media type: how objects of it become bytes and come back, and which files hold it."""

from __future__ import annotations

import functools
import mimetypes
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from whence.base.error import UserError
from whence.base.registry import Registry

UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Format:
    """One media type.

    Attributes
    ----------
    name : str
        The short name: ``"npy"``.
    media_type : str
        What records and servers call it: ``"application/x-npy"``.
    extensions : tuple of str
        Ends of file names, in lower case with their dot, the preferred one first.
    types : tuple of str
        The classes whose objects come back exactly, as ``package.Name``.
    dump : callable, optional
        ``dump(obj) -> bytes``; raises `UserError` for an object it would not keep exactly.
    load : callable, optional
        ``load(data) -> obj``.
    open : callable, optional
        ``open(path, **options) -> content``, lazily where the format allows it.
    also : tuple of str
        Further media types that `load` reads: those of other systems.
    fits : callable, optional
        ``fits(obj) -> bool``: which objects of its `types` it is meant for; all if not given.
    unsafe : callable, optional
        ``unsafe(data) -> obj``: loads what `load` refuses, and may run code that is in the data.
    driver : callable, optional
        ``driver(url=..., storage_options=...)`` reads it for catalogs (see `Driver`).
    """

    name: str
    media_type: str
    extensions: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    dump: Callable[[Any], bytes] | None = None
    load: Callable[[bytes], Any] | None = None
    open: Callable[..., Any] | None = None
    also: tuple[str, ...] = ()
    fits: Callable[[Any], bool] | None = None
    unsafe: Callable[[bytes], Any] | None = None
    driver: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        bad = [end for end in self.extensions if end[:1] != "." or end != end.lower()]
        if bad or "/" not in self.media_type:
            raise UserError.of(
                "bad-format",
                f"format {self.name!r}: {bad[0] if bad else self.media_type!r} is not "
                f"{'an extension' if bad else 'a media type'}",
                mend="Extensions are like '.npy', media types like 'application/x-npy'.",
            )


@functools.cache
def formats() -> Registry[Format]:
    """All formats that are there from the start or were added, by name.

    Examples
    --------
    >>> formats()["npy"].media_type
    'application/x-npy'
    """
    from whence.formats.builtin import BUILTIN

    registry: Registry[Format] = Registry("format")
    for entry in BUILTIN:
        registry.add(entry.name, entry)
    return registry


@functools.cache
def discover() -> None:
    """Add the formats of installed packages: entry points ``whence.formats``, each a `Format`.

    It is called when nothing known will do, because looking takes time. A package whose format
    cannot be loaded is warned of, and left out.
    """
    from importlib.metadata import entry_points

    for point in entry_points(group="whence.formats"):
        try:
            entry = point.load()
            if not isinstance(entry, Format):
                raise TypeError(f"it is no Format but {entry!r}")
            formats().add(entry.name, entry)
        except Exception as error:  # the package's own code may raise anything
            warnings.warn(f"the format {point.name!r} ({point.value}): {error}", stacklevel=2)


def format_of(path: str | os.PathLike[str]) -> Format | None:
    """The format a file name's end tells, or None; the longest end wins.

    Examples
    --------
    >>> format_of("figures/mean.PDF").name
    'pdf'
    """
    name = os.path.basename(os.fspath(path)).lower()
    found = _ending(name)
    if found is None and "." in name:
        discover()
        found = _ending(name)
    return found


def _ending(name: str) -> Format | None:
    ends = ((end, entry) for entry in formats().values() for end in entry.extensions)
    found = [(len(end), entry) for end, entry in ends if name.endswith(end)]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def media_type_of(path: str | os.PathLike[str]) -> str:
    """The media type a file name's end tells, ``application/octet-stream`` if it tells none.

    Examples
    --------
    >>> media_type_of("sim_12/data.h5"), media_type_of("lmp")
    ('application/x-hdf5', 'application/octet-stream')
    """
    found = format_of(path)
    if found is not None:
        return found.media_type
    return mimetypes.guess_type(os.path.basename(os.fspath(path)))[0] or UNKNOWN


def format_named(media_type: str) -> Format | None:
    """The format of a media type, or None.

    Examples
    --------
    >>> format_named("application/vnd.simvue.numpy.v1").name
    'npy'
    """
    plain = media_type.partition(";")[0].strip().lower()
    found = _named(plain)
    if found is None:
        discover()
        found = _named(plain)
    return found


def _named(media_type: str) -> Format | None:
    for entry in formats().values():
        if media_type == entry.media_type or media_type in entry.also:
            return entry
    return None


def formats_for(obj: Any) -> list[Format]:
    """The formats that may keep an object exactly, the preferred one first."""
    kind = type(obj)  # and not what it is derived from, which would come back as that
    name = f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}"
    found = _keeping(name, obj)
    if not found:
        discover()
        found = _keeping(name, obj)
    return found


def _keeping(name: str, obj: Any) -> list[Format]:
    return [
        entry
        for entry in formats().values()
        if name in entry.types and (entry.fits is None or entry.fits(obj))
    ]


def format_for(obj: Any) -> Format:
    """The format that keeps an object exactly.

    Raises
    ------
    UserError
        If none does.

    Examples
    --------
    >>> format_for((1, 2)).name
    'value'
    """
    found = formats_for(obj)
    if found:
        return found[0]
    kind = type(obj)
    raise UserError.of(
        "no-format",
        f"no format keeps objects of {kind.__module__}.{kind.__qualname__} exactly",
        mend="Turn it into an array, a DataArray, a Dataset or plain values, or write a file.",
    )
