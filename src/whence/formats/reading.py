"""Who is told of the files that data are read from."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path

Listener = Callable[[Path, str | None], None]
"""Called with a file that was read, and its digest where that is known already."""

_listener: ContextVar[Listener | None] = ContextVar("whence_listener", default=None)


def listener() -> Listener | None:
    """Who is told in this context: in the code of a run, that run."""
    return _listener.get()


def listen(to: Listener | None) -> Listener | None:
    """Tell someone else of what is read in this context from now on; gives who was told."""
    before = _listener.get()
    _listener.set(to)
    return before


@contextlib.contextmanager
def listening(to: Listener) -> Iterator[None]:
    """Tell someone else meanwhile of what is read in this context.

    Examples
    --------
    >>> heard = []
    >>> with listening(lambda path, digest: heard.append(path.name)):
    ...     listener()(Path("data.h5"), None)
    >>> heard, listener()
    (['data.h5'], None)
    """
    before = listen(to)
    try:
        yield
    finally:
        listen(before)
