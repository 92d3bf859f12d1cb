"""What tells each kind of value: the table that a walk through code goes by.

Each teller takes the walk, the value, and what people are to read as its name. What it gives is
plain data that is equal for equal values; what a value holds goes back to the walk.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import marshal
import os
import struct
import threading
import types
import typing
import weakref
from collections.abc import Iterator
from typing import Any

import orjson

from whence.base.content import array_content, digest_large, pickled_content
from whence.base.definition import (
    BUILT_INS,
    told_built_in,
    told_class,
    told_function,
    told_module,
)
from whence.base.digest import digest_bytes
from whence.base.error import UserError
from whence.base.escape import canonical
from whence.base.library import is_library, offered
from whence.base.walk import Teller, Walk


def teller_of(kind: type) -> Teller:
    """What tells the values of a type: the first row of the table that it fits."""
    exact = _EXACT.get(kind)
    return exact or next(tell for kinds, tell in _KINDS if issubclass(kind, kinds))


def _simple(walk: Walk, value: Any, name: str) -> Any:
    return ["value", canonical(value).decode()]


def _bytes(walk: Walk, value: bytes, name: str) -> Any:
    return ["bytes", digest_large(value)]


def _container(walk: Walk, value: Any, name: str) -> Any:
    kind = type(value)
    items = [*value, *value.values()] if kind is dict else list(value)
    if all(type(item) in _SIMPLE for item in items):
        return ["value", kind.__name__, digest_bytes(_flat(value))]

    def tell() -> Any:
        told = [walk.told(item, name) for item in items]
        if kind in (set, frozenset):
            told.sort(key=orjson.dumps)
        return [kind.__name__, told]

    return walk.entry(value, tell)


def _flat(value: Any) -> bytes:
    """Simple items as bytes, in their order where they have one, for code may go by it."""
    if isinstance(value, set | frozenset):
        return canonical(value)
    ordered = [list(value), list(value.values())] if isinstance(value, dict) else value
    return marshal.dumps(ordered, 2)  # later formats tell what is one object, not only equal


def _variable(walk: Walk, value: contextvars.ContextVar[Any], name: str) -> Any:
    try:
        now = value.get()
    except LookupError:
        now = None
    return ["variable", value.name, walk.told(now, name)]


def _inert(walk: Walk, value: Any, name: str) -> Any:
    return ["inert", type(value).__qualname__]


def _reference(walk: Walk, value: weakref.ref[Any], name: str) -> Any:
    return ["reference", walk.told(value(), name)]


def _type_variable(walk: Walk, value: Any, name: str) -> Any:
    within = [getattr(value, "__bound__", None), getattr(value, "__constraints__", ())]
    walk.hold(*within)
    return ["type variable", value.__name__, [walk.told(each, name) for each in within]]


def _around(*parts: str) -> Teller:
    """Tells what stands around a function, like a partial or a property, by these attributes."""

    def tell(walk: Walk, value: Any, name: str) -> Any:
        kind = type(value)
        inner = [getattr(value, part) for part in parts]
        if not is_library(kind):
            inner += [kind, getattr(value, "__dict__", None)]
        walk.hold(*inner)
        return ["around", kind.__qualname__, [walk.told(part, name) for part in inner]]

    return tell


def _object(walk: Walk, value: Any, name: str) -> Any:
    kind = type(value)
    if is_library(kind):
        return _library_object(walk, value, name)
    if all(cls is object or not is_library(cls) or _is_pure(cls) for cls in kind.__mro__):
        return walk.entry(value, lambda: ["object", walk.told(kind), _state(walk, value, name)])
    return ["object", walk.told(kind), _pickled(walk, value, name)]


def _local(walk: Walk, value: threading.local, name: str) -> Any:
    """What a thread has of its own: that of the one that looks, which is to run the code."""
    return ["local", walk.told(type(value)), _state(walk, value, name)]


def _library_object(walk: Walk, value: Any, name: str) -> Any:
    kind = type(value)
    for part in ("__wrapped__", "py_func") if callable(value) else ():
        if getattr(value, part, None) is not None:
            return _around(part)(walk, value, name)
    if (array := array_content(value)) is not None:
        return walk.entry(value, lambda: ["array", kind.__qualname__, array])
    if kind.__module__ in _ENCODED:
        with contextlib.suppress(UserError):
            return ["value", kind.__qualname__, digest_bytes(canonical(value))]
    return offered(value, name.rpartition(" ")[2]) or _pickled(walk, value, name)


def _state(walk: Walk, value: Any, name: str) -> Any:
    slots = [slot for cls in type(value).__mro__ for slot in _slots_of(cls)]
    state = {slot: getattr(value, slot) for slot in slots if hasattr(value, slot)}
    state |= getattr(value, "__dict__", {})
    walk.hold(state)
    return [[str(key), walk.told(state[key], name)] for key in sorted(state, key=str)]


def _pickled(walk: Walk, value: Any, name: str) -> Any:
    """The content of a library's object, with the project's code in it told as code."""
    try:
        content = pickled_content(value, walk.told)
    except RecursionError:
        raise
    except Exception:  # what an object raises that cannot be pickled is its own choice
        content = None
    if content is None:
        return walk.not_known(name or type(value).__qualname__)
    return ["content", type(value).__qualname__, content]


def _slots_of(cls: type) -> Iterator[str]:
    slots = vars(cls).get("__slots__", ())
    hidden = f"_{cls.__name__.lstrip('_')}"
    for name in (slots,) if isinstance(slots, str) else tuple(slots):
        if name not in ("__dict__", "__weakref__"):
            yield f"{hidden}{name}" if name[:2] == "__" and name[-2:] != "__" else name


def _is_pure(cls: type) -> bool:
    """Whether a library's class is Python, so that its objects are what their attributes are."""
    if "__dict__" not in vars(cls) and "__slots__" not in vars(cls):
        return False
    known = len(list(_slots_of(cls))) + 2  # with the dict, and the list of weak references
    return cls.__basicsize__ - (cls.__base__ or object).__basicsize__ <= known * _POINTER


_POINTER = struct.calcsize("P")
_ENCODED = frozenset({"builtins", "numpy", "datetime", "pathlib", "decimal"})
# What they are says nothing on results, and nothing tells two of them apart.
_INERT = (
    object, type(threading.Lock()), type(threading.RLock()), threading.Condition,
    threading.Event, threading.Semaphore, threading.BoundedSemaphore, type(os.environ),
)  # fmt: skip
_SIMPLE = frozenset({type(None), bool, int, float, complex, str, bytes})
_EXACT: dict[type, Teller] = {
    **dict.fromkeys(_SIMPLE, _simple),
    bytes: _bytes,
    **dict.fromkeys((list, tuple, dict, set, frozenset), _container),
    **dict.fromkeys(_INERT, _inert),
}
# The first row that a type is a subclass of tells its values.
_KINDS: tuple[tuple[tuple[type, ...], Teller], ...] = (
    ((types.ModuleType,), told_module),
    ((types.FunctionType,), told_function),
    ((type,), told_class),
    ((contextvars.ContextVar,), _variable),
    (BUILT_INS, told_built_in),
    ((functools.partial,), _around("func", "args", "keywords")),
    ((types.MethodType,), _around("__func__", "__self__")),
    ((property,), _around("fget", "fset", "fdel")),
    ((staticmethod, classmethod), _around("__func__")),
    ((functools.cached_property,), _around("func")),
    ((weakref.ref,), _reference),
    ((threading.local,), _local),
    ((typing.TypeVar, typing.ParamSpec, typing.TypeVarTuple), _type_variable),
    ((object,), _object),
)  # fmt: skip
