"""What installed libraries and Python itself define: name and version stand for their code."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import os
import platform
import sys
import types
from typing import Any

from whence.base.source import is_installed


@functools.cache
def library_version(name: str) -> str:
    """The version of an installed library, or of Python for its own modules."""
    if name in sys.stdlib_module_names or name in ("python", "builtins"):
        return platform.python_version()
    import importlib.metadata

    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        told = getattr(sys.modules.get(name), "__version__", None)
    if isinstance(told, str):
        return told
    owners = importlib.metadata.packages_distributions().get(name, ())  # as PIL is of pillow
    return " ".join(sorted(importlib.metadata.version(owner) for owner in owners))


def offered(value: Any, name: str) -> Any:
    """Name and version, of an object that a library itself offers under that name; else None."""
    top = type(value).__module__.partition(".")[0]
    for module, content in list(sys.modules.items()):
        if module.partition(".")[0] == top and getattr(content, "__dict__", {}).get(name) is value:
            return [*versioned(module), name]
    return None


def named_by_library(function: types.FunctionType) -> Any:
    """Name and version, of a function that an installed library has under that name; else None.

    What a library wraps around a function of the project calls itself by the name of that one.
    """
    module = str(function.__module__)
    if not is_library_module(module):
        return None
    there: Any = sys.modules.get(module)
    for part in function.__qualname__.split("."):
        there = inspect.getattr_static(there, part, None)
        there = there.__func__ if isinstance(there, staticmethod | classmethod) else there
    inside = function.__code__.co_qualname.partition(".<locals>")[1]
    if there is not function and (inside or not is_library_module(home_of(function))):
        return None
    return [*versioned(module), function.__qualname__]


def home_of(function: types.FunctionType) -> str:
    """The name of the module that a function was written in, whatever it calls itself."""
    return str(function.__globals__.get("__name__"))


def is_library(cls: type) -> bool:
    """Whether an installed library or Python itself defines a class."""
    return is_library_module(cls.__module__)


def versioned(module: str) -> list[str]:
    """What stands for the code of a module of a library."""
    return ["library", module, library_version(module.partition(".")[0])]


@functools.cache
def is_library_module(module: str) -> bool:
    """Whether a module, imported or not, is one of an installed library or of Python."""
    top = module.partition(".")[0]
    if top == "__main__":
        return False
    # whence stands for itself by version also where it is installed in place: what it keeps of
    # stores and runs at work would make whatever uses it new each time.
    if module in sys.builtin_module_names or top == __name__.partition(".")[0]:
        return True
    file = getattr(sys.modules.get(module) or sys.modules.get(top), "__file__", None)
    if file is None:
        file = _place_of(top)
    # A file of the project may be called like a module of Python's, and is found before it.
    if top in sys.stdlib_module_names and (file is None or not os.path.exists(file)):
        return True
    return file is not None and is_installed(file)


def _place_of(top: str) -> str | None:
    """Where a module that is not imported, or that is only a folder, would come from."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin == "frozen":
        return None
    return spec.origin or next(iter(spec.submodule_search_locations or ()), None)
