"""Gateways: ``np.``, ``xr.`` and their like make any function of a library an operation."""

from __future__ import annotations

import functools
import importlib
import types

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.transform.builtin import GATEWAYS, attribute_of
from whence.transform.operation import Operation

# Files are read by the data tree, which keeps track of them; a step that reads one by itself
# would make results whose origin nobody knows, and some of these would run code out of the file.
_FILES = ("load", "save", "read_", "to_", "open_", "from", "genfrom", "memmap", "write_", "eval")


def through_gateway(name: str) -> Operation | None:
    """The operation for a function of a library, or None if the name leads to no library.

    Raises
    ------
    UserError
        If the library has no such function, or if it reads or writes files.
    """
    prefix = name.partition(".")[0] + "."
    module = GATEWAYS.get(prefix)
    if module is None or name == prefix:
        return None
    return _found(name, prefix, module)


@functools.cache
def _found(name: str, prefix: str, module: str) -> Operation:
    path = name.removeprefix(prefix)
    last = path.rpartition(".")[2]
    if any(part.startswith("_") for part in path.split(".")) or last.startswith(_FILES):
        raise UserError.of(
            "operation-not-accepted",
            f"operation {name!r} is not accepted: it is private, or works on files or text",
            mend="Load files with the data manager, whose reading is on record.",
        )
    try:
        func = attribute_of(module, path)
    except AttributeError:
        known = [prefix + item for item in dir(importlib.import_module(module))]
        near = did_you_mean(name, known)
        raise UserError.of(
            "unknown-operation",
            f"unknown operation {name!r}: {module} has no {path!r}",
            mend=f"{near + ' ' if near else ''}`whence operations` lists what whence adds.",
        ) from None
    if isinstance(func, types.ModuleType) or not callable(func):
        raise UserError.of("unknown-operation", f"{name!r} is not a function, so no operation")
    libraries = (module,) if module in ("numpy", "math") else (module, "numpy")
    return Operation(name, lambda: func, libraries)
