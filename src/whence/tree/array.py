"""Containers of arrays that behave like the arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from whence.base.digest import Seen
from whence.base.excerpt import counted
from whence.formats import Stored, is_stored
from whence.tree.container import UNREAD, Container, Forwarding
from whence.tree.source import Source


class ArrayContainer(Forwarding, NDArrayOperatorsMixin):
    """An array that may still lie in its file.

    Shape and dtype are known without reading, a selection reads only itself, anything else
    reads the whole once. NumPy functions, arithmetic and comparisons give plain arrays; what
    was read is read-only, so that nobody changes it unnoticed: take a ``copy()``, or use
    ``container += ...``.
    """

    def __init__(
        self, *, name: str, data: Any = UNREAD, attrs: Any = None, source: Source | None = None
    ) -> None:
        self._stored: Stored | None = None
        if isinstance(data, ArrayContainer):
            data = data.data
        if is_stored(data):
            self._stored, data = data, UNREAD
        super().__init__(name=name, data=data, attrs=attrs, source=source)

    @property
    def stored(self) -> Stored | None:
        """The array in the file, as long as nothing else was put in its place."""
        if self._data is UNREAD and self._stored is None and self.source is not None:
            self.seen = Seen.of(self.source.file)
            content = self.source.read()
            if is_stored(content):
                self._stored = content
            else:
                self._data = self._checked(content)
        return self._stored

    @property
    def is_read(self) -> bool:
        """Whether the whole was read."""
        return self._data is not UNREAD

    @property
    def shape(self) -> tuple[int, ...]:
        """The length along each dimension."""
        shape: tuple[int, ...] = self._known().shape
        return shape

    @property
    def dtype(self) -> Any:
        """The dtype of the values."""
        return self._known().dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of values."""
        return int(np.prod(self.shape, dtype=np.intp))

    def read(self) -> None:
        """Read it now."""
        if self._data is UNREAD and self.stored is not None:
            array = np.asarray(self.stored.read())
            array.flags.writeable = False
            self._data = array
            self._tell()

    def read_into(self, out: np.ndarray[Any, Any]) -> None:
        """Put all values into an array of the same shape, without keeping them here."""
        if self._data is UNREAD and self.stored is not None:
            self.stored.read_into(out)
            self._tell()
        else:
            out[...] = self.data

    def replace(self, data: Any) -> None:
        """Hold something else from now on."""
        super().replace(data)
        self._stored = None

    def _tell(self) -> None:
        """Tell who listens that values of the file were taken."""
        if self.source is not None:
            self.source.tell()

    def _known(self) -> Any:
        """What knows shape and dtype without being read, if it can."""
        if self._data is UNREAD and self.stored is not None:
            return self.stored
        return self._data if self._data is not UNREAD else self.data

    def __len__(self) -> int:
        return len(self.data) if not self.shape else self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        self.read()
        array = np.asarray(self._data)
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [item.data if isinstance(item, ArrayContainer) else item for item in inputs]
        outs = kwargs.pop("out", ())
        targets = [out for out in outs if isinstance(out, ArrayContainer)]
        if not targets:
            kwargs.update({"out": outs} if outs else {})
            return getattr(ufunc, method)(*plain, **kwargs)
        result = getattr(ufunc, method)(*plain, **kwargs)
        for target in targets:
            target.replace(result)
        return targets[0]

    def __bool__(self) -> bool:
        return bool(self.data)

    def __int__(self) -> int:
        return int(self.data)

    def __float__(self) -> float:
        return float(self.data)

    def __complex__(self) -> complex:
        return complex(self.data)

    def __contains__(self, value: object) -> bool:
        return value in self.data

    __hash__ = Container.__hash__


class NumpyDataContainer(ArrayContainer):
    """Holds a NumPy array.

    Examples
    --------
    >>> container = NumpyDataContainer(name="x", data=[3, 1, 2])
    >>> int(np.argmin(container)), container.mean()
    (1, np.float64(2.0))
    """

    def _checked(self, data: Any) -> np.ndarray[Any, Any]:
        return np.asarray(data)

    @property
    def data(self) -> Any:
        """The array, read from its file on first use."""
        self.read()
        return super().data

    def __getitem__(self, key: Any) -> Any:
        if self._data is UNREAD and self.stored is not None and _is_basic(key):
            self._tell()
            return self.stored.read(key)
        return self.data[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        changed = np.array(self.data)
        changed[key] = value
        self.replace(changed)

    def info(self) -> str:
        """What the printed tree says of it."""
        return f"{self.dtype}, shape {self.shape}, {counted(len(self._attrs), 'attribute')}"


class XrDataContainer(ArrayContainer):
    """Holds an `xarray.DataArray`, labelled by its attributes.

    The dimensions are named by the attribute ``dims`` or ``dim_name__<i>``, the coordinates
    given by ``coords__<dim>``, understood as ``coords_mode__<dim>`` says; see
    `whence.tree.label`.
    """

    @property
    def dims(self) -> tuple[str, ...]:
        """The names of the dimensions."""
        known = self._known()
        if hasattr(known, "dims"):
            dims: tuple[str, ...] = known.dims
            return dims
        from whence.tree.label import dims_of

        return dims_of(self._attrs, len(known.shape), self.logstr)

    @property
    def data(self) -> Any:
        """The DataArray; its values are read from the file on first use."""
        known = self._known()
        if not hasattr(known, "dims"):
            # Labelled only now: coordinates may be linked to another member of the group.
            from whence.tree.label import labelled, lazy

            self._data = labelled(lazy(known, self.dims), self._attrs, self)
            self._tell()
        return self._data

    def _checked(self, data: Any) -> Any:
        if isinstance(data, ArrayContainer):
            data = data.data
        if not hasattr(data, "dims"):
            return np.asarray(data)
        return data if data.name == self.name else data.rename(self.name)

    def __getitem__(self, key: Any) -> Any:
        return self.data[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        changed = self.data.copy(deep=True)
        changed[key] = value
        self.replace(changed)

    def info(self) -> str:
        """What the printed tree says of it."""
        sizes = zip(self.dims, self.shape, strict=True)
        shown = ", ".join(f"{dim}: {size}" for dim, size in sizes)
        return f"{self.dtype}, ({shown}), {counted(len(self._attrs), 'attribute')}"


def _is_basic(key: Any) -> bool:
    parts = key if isinstance(key, tuple) else (key,)
    return all(part is Ellipsis or _is_index(part) for part in parts)


def _is_index(part: Any) -> bool:
    if isinstance(part, slice):
        return (part.step or 1) > 0
    return isinstance(part, (int, np.integer)) and not isinstance(part, bool)
