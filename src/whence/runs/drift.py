"""Whether files of code are still what this process has read of them."""

from __future__ import annotations

import math
import os
import sys
import types
from collections.abc import Iterable, Iterator
from pathlib import Path

from whence.base.source import holds, text_of
from whence.base.top import running_code

_SLACK = 2.0  # seconds: times of files are coarse, and a process's start is not known well


def drifted(files: Iterable[tuple[str, Path]], start: float) -> tuple[str, ...]:
    """The names of the files whose content is no longer what this process runs.

    Only files written since a process began can be; of these, what was read is held against what
    is there now: the script as a whole while it runs, of modules the functions.

    Parameters
    ----------
    files : iterable of (str, Path)
        Name and place of each.
    start : float
        When the process began, in seconds since 1970-01-01 UTC.
    """
    written = [(name, path) for name, path in files if _written(path) > start - _SLACK]
    if not written:
        return ()
    names, main = tuple({path.name for _, path in written}), sys.modules.get("__main__")
    modules = {
        os.path.realpath(file): module
        for module in list(sys.modules.values())
        if (file := getattr(module, "__file__", None))
        # To make out the real path of every module took more time than all else of a run.
        and (file.endswith(names) or module is main)
    }
    found = ((name, path, modules.get(os.path.realpath(path))) for name, path in written)
    return tuple(name for name, path, module in found if module and not _is_read(path, module))


def _written(path: Path) -> float:
    """When a file was written; just now if it is not there, as while an editor replaces it."""
    try:
        return path.stat().st_mtime
    except OSError:
        return math.inf


def _is_read(path: Path, module: types.ModuleType) -> bool:
    whole = running_code(module)
    if whole is not None:
        return holds(str(path), whole)
    codes = (value.__code__ for value in _functions(module))
    return all(text_of(code) is not None for code in codes if code.co_filename == module.__file__)


def _functions(module: types.ModuleType) -> Iterator[types.FunctionType]:
    for value in list(vars(module).values()):
        members = list(vars(value).values()) if isinstance(value, type) else [value]
        yield from (each for each in members if isinstance(each, types.FunctionType))
