"""An array in a file, as xarray's lazy indexing wants it."""

from __future__ import annotations

from typing import Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from whence.formats import Stored


class StoredArray(BackendArray):
    """Reads exactly the part of a stored array that xarray asks for."""

    __slots__ = ("dtype", "shape", "stored")

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self.shape = stored.shape
        self.dtype = stored.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.BASIC, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> np.ndarray[Any, Any]:
        whole = all(
            isinstance(part, slice) and part.indices(size) == (0, size, 1)
            for part, size in zip(key, self.shape, strict=True)
        )
        values = np.asarray(self.stored.read(() if whole else key))
        if whole:
            values.flags.writeable = False
        return values
