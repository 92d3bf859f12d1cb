"""The digest of a function's code: what tells two versions of one operation apart."""

from __future__ import annotations

import functools
import importlib.metadata
import inspect
import os
import platform
import sys
import sysconfig
import textwrap
import types
from collections.abc import Callable
from typing import Any

import orjson

from whence.base.digest import digest_bytes, digest_file
from whence.base.error import UserError
from whence.base.escape import canonical

_Seen = dict[int, int]


def code_digest(func: Callable[..., Any]) -> str:
    """The digest of a function: its source and everything of the user's that it names.

    Of installed libraries and of Python itself, the name and the version stand for the code. Of
    the user's own code count the source of the function, of the functions and classes that it
    names (and that these name), the values of module constants, defaults and closures.

    Something in a closure or a default that cannot be identified, like an open file, makes the
    digest new in every process: nothing is found again rather than something wrong.
    """
    return digest_bytes(orjson.dumps(_described(func, {}, strict=True)))


@functools.cache
def library_version(name: str) -> str:
    """The version of an installed library, or of Python for its own modules."""
    if name in sys.stdlib_module_names or name in ("python", "builtins"):
        return platform.python_version()
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return str(getattr(sys.modules.get(name), "__version__", ""))


def _described(value: Any, seen: _Seen, *, strict: bool) -> Any:
    """Plain data that is equal for equal code; `seen` breaks circles of functions."""
    if id(value) in seen:
        return ["again", seen[id(value)]]
    if isinstance(value, types.ModuleType):
        return _module(value)
    if isinstance(value, types.FunctionType):
        return _library(value) or _function(value, seen)
    if isinstance(value, types.MethodType):
        return [
            "method",
            _described(value.__func__, seen, strict=strict),
            _described(value.__self__, seen, strict=strict),
        ]
    if isinstance(value, functools.partial):
        inner = (value.func, *value.args, *sorted(value.keywords))
        rest = [value.keywords[key] for key in sorted(value.keywords)]
        return ["partial", [_described(part, seen, strict=strict) for part in (*inner, *rest)]]
    if isinstance(value, type):
        return _library(value) or _class(value, seen)
    if callable(value):
        return _library(value) or _instance(value, seen, strict=strict)
    return _constant(value, strict=strict)


def _constant(value: Any, *, strict: bool) -> Any:
    try:
        return ["value", digest_bytes(canonical(value))]
    except UserError:
        kind = type(value)
        fresh = os.urandom(16).hex() if strict else ""
        return ["opaque", f"{kind.__module__}.{kind.__qualname__}", fresh]


def _function(func: types.FunctionType, seen: _Seen) -> Any:
    seen[id(func)] = len(seen)
    cells = [_cell(cell) for cell in func.__closure__ or ()]
    kwdefaults = func.__kwdefaults__ or {}
    values = (*cells, *(func.__defaults__ or ()), *kwdefaults.values())
    return [
        "function",
        _source(func) or _bytecode(func.__code__),
        sorted(kwdefaults),
        [_described(value, seen, strict=True) for value in values],
        _named(func.__code__, func.__globals__, seen),
    ]


def _class(cls: type, seen: _Seen) -> Any:
    seen[id(cls)] = len(seen)
    methods = [item for _, item in sorted(vars(cls).items()) if inspect.isfunction(item)]
    bases = [_described(base, seen, strict=False) for base in cls.__bases__]
    return [
        "class",
        _source(cls) or cls.__qualname__,
        bases,
        [_function(method, seen) for method in methods if id(method) not in seen],
    ]


def _instance(value: Any, seen: _Seen, *, strict: bool) -> Any:
    seen[id(value)] = len(seen)
    state = getattr(value, "__dict__", {})
    return [
        "instance",
        _described(type(value), seen, strict=False),
        [[key, _described(state[key], seen, strict=strict)] for key in sorted(state)],
    ]


def _named(code: types.CodeType, scope: dict[str, Any], seen: _Seen) -> Any:
    names = sorted(name for name in _names(code) if name in scope)
    return [[name, _described(scope[name], seen, strict=False)] for name in names]


def _names(code: types.CodeType) -> set[str]:
    names = set(code.co_names)
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            names |= _names(const)
    return names


def _cell(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return None


def _source(value: Any) -> str | None:
    try:
        return textwrap.dedent(inspect.getsource(value))
    except (OSError, TypeError):
        return None


def _bytecode(code: types.CodeType) -> Any:
    """For functions without a source, as typed into an interpreter."""
    consts = [
        _bytecode(const) if isinstance(const, types.CodeType) else repr(const)
        for const in code.co_consts
    ]
    return [sys.version_info[:2], code.co_code.hex(), list(code.co_names), consts]


def _module(module: types.ModuleType) -> Any:
    if _installed(module.__name__):
        return _versioned(module.__name__)
    file = getattr(module, "__file__", None)
    return ["module", module.__name__, digest_file(file) if file else ""]


def _library(value: Any) -> Any:
    """Name and version, of what an installed library or Python itself defines; else None."""
    named = value if hasattr(value, "__qualname__") else type(value)
    module = str(getattr(value, "__module__", None) or type(value).__module__)
    if not _installed(module):
        return None
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", named.__qualname__)
    if value is not named and getattr(value, "__name__", None) is None:
        return None  # an object of a library's class carries state of its own
    return [*_versioned(module), name]


def _versioned(module: str) -> list[str]:
    return ["library", module, library_version(module.partition(".")[0])]


@functools.cache
def _installed(module: str) -> bool:
    top = module.partition(".")[0]
    if top == "__main__":
        return False
    if top in sys.stdlib_module_names:
        return True
    file = getattr(sys.modules.get(module) or sys.modules.get(top), "__file__", None)
    if file is None:
        return module in sys.builtin_module_names
    paths = sysconfig.get_paths()
    roots = {os.path.realpath(paths[key]) for key in ("stdlib", "purelib", "platlib")}
    return any(os.path.realpath(file).startswith(root + os.sep) for root in roots)
