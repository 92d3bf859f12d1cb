"""Functions whose calls a test counts, and whose code it pretends to edit."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, ClassVar


class _Held(dict[tuple[str, int], Callable[..., Any]]):
    """The functions that are called, by name and version."""


_HELD = _Held()


class Counting:
    """A function that is known by its name and version, whatever it counts in.

    Parameters
    ----------
    func : callable
        What to call.
    version : int
        Another version stands for edited code.
    """

    held: ClassVar[weakref.ref[_Held]]  # a reference says nothing of what it leads to

    def __init__(self, func: Callable[..., Any], version: int = 1) -> None:
        self.name = func.__name__
        self.version = version
        self._functions()[self.name, version] = func

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function returns."""
        return self._functions()[self.name, self.version](*args, **kwargs)

    def _functions(self) -> _Held:
        held = self.held()
        assert held is not None
        return held


Counting.held = weakref.ref(_HELD)
