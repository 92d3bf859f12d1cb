"""What lies under keys in a folder, to be read and written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class KeyStore:
    """What a driver with keys reads, and the way to add to it.

    Attributes
    ----------
    keys : callable
        ``keys()``: those there are.
    get : callable
        ``get(key)``: what is under one.
    put : callable
        ``put(key, value)``: see `set`.

    Examples
    --------
    >>> from whence.formats import driver
    >>> store = driver("store_driver")("memory://shards", serializer="jsonl").store
    >>> store.set([{"x": 1}, {"x": 2}], "first")
    'first'
    >>> list(store.keys()), list(store.get("first"))
    (['first'], [{'x': 1}, {'x': 2}])
    """

    keys: Callable[[], Iterator[str]]
    get: Callable[[str], Any]
    put: Callable[[str, Any], None]

    def set(self, value: Any, key: str | None = None) -> str:
        """Put something under a key, in the place of what was there.

        Parameters
        ----------
        value : object
            What `get` gives back: bytes of a file, or the list of samples of a shard.
        key : str, optional
            A new one, of 16 letters drawn by lot, if not given.

        Returns
        -------
        str
            The key.
        """
        key = os.urandom(8).hex() if key is None else key
        self.put(key, value)
        return key
