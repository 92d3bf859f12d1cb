"""The digest of a function's code: what tells two versions of one operation apart."""

from __future__ import annotations

import dis
import functools
import importlib
import importlib.metadata
import inspect
import os
import platform
import sys
import sysconfig
import textwrap
import types
from collections.abc import Callable, Iterator, Set
from importlib.util import resolve_name
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
        return _module(value, frozenset(), seen)
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
    try:
        return ["value", digest_bytes(canonical(value))]
    except UserError:
        return _object(value, seen, strict=strict)


def _object(value: Any, seen: _Seen, *, strict: bool) -> Any:
    """A value without an encoding: a sentinel, an object of the user's, or something unknown."""
    kind = type(value)
    if kind is object:
        return ["object"]
    if not _installed(kind.__module__):
        return _instance(value, seen, strict=strict)
    if kind in (list, tuple, dict):
        seen[id(value)] = len(seen)
        items = [*value, *value.values()] if kind is dict else value
        return [kind.__name__, [_described(item, seen, strict=strict) for item in items]]
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
    slots = [name for cls in type(value).__mro__ for name in getattr(cls, "__slots__", ())]
    state = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    state.update(getattr(value, "__dict__", {}))
    return [
        "instance",
        _described(type(value), seen, strict=False),
        [[key, _described(state[key], seen, strict=strict)] for key in sorted(state)],
    ]


def _named(code: types.CodeType, scope: dict[str, Any], seen: _Seen) -> Any:
    """What the code names: globals of its module, and modules that it imports itself."""
    names = _names(code)
    values = {name: scope[name] for name in names if name in scope}
    for module in _imports(code, scope.get("__package__") or ""):
        values.setdefault(f"import {module}", sys.modules.get(module) or _import(module))
    return [
        [
            name,
            _module(value, names, seen)
            if isinstance(value, types.ModuleType)
            else _described(value, seen, strict=False),
        ]
        for name, value in sorted(values.items())
    ]


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code and that of functions inside of it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from _codes(const)


def _names(code: types.CodeType) -> set[str]:
    return {name for inner in _codes(code) for name in inner.co_names}


def _imports(code: types.CodeType, package: str) -> Iterator[str]:
    """The modules of the user's that ``import`` statements inside of a function name."""
    for inner in _codes(code):
        steps = list(dis.get_instructions(inner))
        for i, step in enumerate(steps):
            if step.opname == "IMPORT_NAME":
                level = steps[i - 2].argval
                name = resolve_name("." * level + step.argval, package) if level else step.argval
                if not _installed(name):
                    yield name


def _import(name: str) -> Any:
    """The module, if it can be imported; what fails here fails when the function runs, too."""
    try:
        return importlib.import_module(name)
    except Exception:
        return None


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


def _module(module: types.ModuleType, names: Set[str], seen: _Seen) -> Any:
    """A module: its file, and what code that uses it may name in it."""
    if _installed(module.__name__):
        return _versioned(module.__name__)
    if id(module) in seen:
        return ["again", seen[id(module)]]
    seen[id(module)] = len(seen)
    file = getattr(module, "__file__", None)
    named = [
        [name, _described(getattr(module, name), seen, strict=False)]
        for name in sorted(names)
        if not name.startswith("__") and hasattr(module, name)
    ]
    return ["module", module.__name__, digest_file(file) if file else "", named]


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
