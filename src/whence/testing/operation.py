"""Functions whose calls a test counts, and whose code it pretends to edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar


class Counting:
    """A function that is known by its name and version, whatever it counts in.

    Parameters
    ----------
    func : callable
        What to call.
    version : int
        Another version stands for edited code.
    """

    held: ClassVar[dict[tuple[str, int], Callable[..., Any]]] = {}

    def __init__(self, func: Callable[..., Any], version: int = 1) -> None:
        self.name = func.__name__
        self.version = version
        self.held[self.name, version] = func

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function returns."""
        return self.held[self.name, self.version](*args, **kwargs)
