"""The identity of code that runs: what tells two versions of a function apart.

It is the one notion of it: tasks, sweeps, operations and plot functions are known by it.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import hashlib
import importlib
import importlib.machinery
import importlib.util
import os
import pickle
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import orjson

from whence.base.digest import digest_bytes, digest_file
from whence.base.error import UserError
from whence.base.escape import canonical
from whence.base.library import (
    home_of,
    is_library,
    is_library_module,
    named_by_library,
    offered,
    versioned,
)
from whence.base.mention import found_import, imported, names_in, package_of
from whence.base.source import (
    class_text,
    effects_of,
    imports_of,
    is_installed,
    shape_of,
    text_of,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a function is.

    Attributes
    ----------
    digest : str
        Other for other code, as far as values, texts and versions tell it; what they do not tell
        is listed in ``docs/again.md``. Equal code has another one where it was only written
        otherwise, as with its names or the order of a dict.
    edited : tuple of str
        Functions whose file holds another text by now than what runs.
    unknown : tuple of str
        Values that the code depends on and that cannot be identified, like open files. With one
        of them the digest is new each time: nothing is found again rather than something wrong.
    """

    digest: str
    edited: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def identity_of(function: Callable[..., Any]) -> Identity:
    """The identity of a function: its text and everything of the project that it depends on.

    Of the project count the functions and classes that it names (and that these name), the
    values of globals, defaults and closures as they are now, what wraps it, and what the modules
    of all these do at their top level. Of installed libraries and of Python itself, name and
    version stand for the code.

    The text is that of the code which runs. Where a file was edited since it was imported, the
    compiled code stands for it, which is known as that under one version of Python only.
    """
    walk = _Walk()
    try:
        told = walk.whole(function)
    except RecursionError:
        told = walk.unknown_value("something nested very deep")
    digest = digest_bytes(orjson.dumps(told))
    return Identity(digest, tuple(sorted(walk.edited)), tuple(sorted(walk.unknown)))


def note_edited(functions: Sequence[str]) -> str:
    """What is to be said of functions whose file was edited."""
    return (
        f"the file of {_listed(functions)} was edited after it was imported: what runs, and is "
        "known by its compiled code, is older"
    )


def note_unknown(values: Sequence[str]) -> str:
    """What is to be said of values that cannot be identified."""
    return f"nothing tells {_listed(values)} from another one, so results are not found again"


def _listed(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def code_digest(function: Callable[..., Any]) -> str:
    """The digest of a function's identity."""
    return identity_of(function).digest


_SIMPLE = frozenset({type(None), bool, int, float, complex, str, bytes})
_CONTAINERS = (list, tuple, dict, set, frozenset)
# What they are says nothing on results, and nothing tells two of them apart.
_INERT: tuple[type, ...] = (
    type(threading.Lock()), type(threading.RLock()), threading.local, threading.Condition,
    threading.Event, threading.Semaphore, weakref.ref, type(os.environ),
)  # fmt: skip
_ENCODED = frozenset({"builtins", "numpy", "datetime", "pathlib", "decimal"})
_LOOKED_UP = frozenset({"getattr", "vars", "globals", "eval", "exec", "__dict__"})
_SLOTS = (types.GetSetDescriptorType, types.MemberDescriptorType, types.WrapperDescriptorType)
# What Python and libraries put into a class, of what its text and other members tell already.
_PUT = frozenset(
    {
        "__abstractmethods__", "__annotate__", "__annotate_func__", "__annotations__",
        "__annotations_cache__", "__class_vars__", "__dataclass_fields__",
        "__dataclass_params__", "__dict__", "__doc__", "__fields__", "__firstlineno__",
        "__match_args__", "__module__", "__non_callable_proto_members__", "__orig_bases__",
        "__parameters__", "__private_attributes__", "__protocol_attrs__", "__qualname__",
        "__signature__", "__slots__", "__static_attributes__", "__type_params__",
        "__weakref__", "_abc_impl",
    }
)  # fmt: skip
_PUT_BY_LIBRARIES = ("__attrs_", "__pydantic_")
_BUILT_IN = (
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    *_SLOTS,
)


@dataclass(slots=True)
class _Walk:
    """One way through everything that a function depends on.

    Functions, classes, modules and objects are told once, each in an entry of its own that the
    others name by its number, so circles and long chains do no harm.
    """

    edited: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    _known: dict[int, int] = field(default_factory=dict)
    _held: list[Any] = field(default_factory=list)  # so that no id is given twice
    _entries: list[Callable[[], Any]] = field(default_factory=list)
    _files: dict[str, str] = field(default_factory=dict)  # with the package each is in

    def whole(self, function: Any) -> Any:
        told = [self.told(function)]
        done = 0
        while done < len(self._entries):
            told.append(self._entries[done]())
            done += 1
        return [told, list(self._effects())]

    def told(self, value: Any, name: str = "") -> Any:
        """Plain data that is equal for equal values."""
        kind = type(value)
        if kind in _SIMPLE:
            return ["value", canonical(value).decode()]
        if id(value) in self._known:
            return ["entry", self._known[id(value)]]
        if isinstance(value, types.ModuleType):
            return self._module(value, None, ())
        if isinstance(value, types.FunctionType):
            return named_by_library(value) or self._entry(value, lambda: self._function(value))
        if isinstance(value, contextvars.ContextVar):
            return ["variable", value.name, self.told(_now(value), name)]
        if isinstance(value, type):
            if is_library(value):
                return [*versioned(value.__module__), value.__qualname__]
            return self._entry(value, lambda: self._class(value))
        if kind in _CONTAINERS:
            return self._container(value, name)
        if isinstance(value, _BUILT_IN):
            return self._built_in(value, name)
        wrapped = self._wrapper(value, name)
        return wrapped if wrapped is not None else self._object(value, name)

    def _effects(self) -> Iterator[str]:
        """What the modules do at their top level, and those that these import there."""
        todo = list(self._files.items())
        for file, package in todo:
            if effects := effects_of(file):
                yield effects
            for name in imports_of(file, package):
                if name in sys.modules and not is_library_module(name):
                    module = sys.modules[name]
                    self._touch(getattr(module, "__file__", None) or "", package_of(vars(module)))
            todo.extend(list(self._files.items())[len(todo) :])

    def unknown_value(self, name: str) -> Any:
        self.unknown.add(name)
        return ["unknown", os.urandom(16).hex()]

    def _entry(self, value: Any, tell: Callable[[], Any]) -> Any:
        self._known[id(value)] = len(self._entries)
        self._held.append(value)
        self._entries.append(tell)
        return ["entry", self._known[id(value)]]

    def _container(self, value: Any, name: str) -> Any:
        kind = type(value)
        items = [*value, *value.values()] if kind is dict else list(value)
        if all(type(item) in _SIMPLE for item in items):
            # The canonical form of a dict leaves out its order, which code may go by.
            ordered = [list(value), list(value.values())] if kind is dict else value
            return ["value", kind.__name__, digest_bytes(canonical(ordered))]

        def tell() -> Any:
            told = [self.told(item, name) for item in items]
            if kind in (set, frozenset):
                told.sort(key=orjson.dumps)
            return [kind.__name__, told]

        return self._entry(value, tell)

    def _wrapper(self, value: Any, name: str) -> Any:
        """What stands around a function, like a partial or a property; None for all else."""
        kind = type(value)
        if isinstance(value, functools.partial):
            inner: tuple[Any, ...] = (value.func, *value.args, value.keywords)
        elif isinstance(value, types.MethodType):
            inner = (value.__func__, value.__self__)
        elif isinstance(value, property):
            inner = (value.fget, value.fset, value.fdel)
        elif isinstance(value, staticmethod | classmethod):
            inner = (value.__func__,)
        elif isinstance(value, functools.cached_property):
            inner = (value.func,)
        elif callable(value) and (is_library(kind) or kind.__module__.startswith("whence.")):
            function = getattr(value, "__wrapped__", None) or getattr(value, "py_func", None)
            if function is None:
                return None
            inner = (function,)
        else:
            return None
        self._held.append(inner)
        return ["around", kind.__qualname__, [self.told(part, name) for part in inner]]

    def _function(self, function: types.FunctionType) -> Any:
        code = function.__code__
        if code is _DISPATCHER:  # its closure holds a cache, which tells nothing
            registry = dict(function.registry)  # type: ignore[attr-defined]
            self._held.append(registry)
            return ["dispatch", self.told(registry)]
        state = {k: v for k, v in vars(function).items() if k != "__wrapped__"}
        around = (function.__closure__ or (), function.__defaults__ or ())
        values = [*map(_cell, around[0]), *around[1], function.__kwdefaults__, state]
        self._held.append(values)
        name = function.__qualname__
        library = is_library_module(home_of(function))
        return [
            "function",
            self._text(function),
            [self.told(value, f"{name}: {type(value).__qualname__}") for value in values],
            [] if library else self._named(code, function.__globals__),
        ]

    def _text(self, function: types.FunctionType) -> Any:
        code = function.__code__
        if is_library_module(home_of(function)):
            return [*versioned(home_of(function)), code.co_qualname]
        self._touch(code.co_filename, package_of(function.__globals__))
        text = text_of(code)
        if text is not None:
            return text
        loader = function.__globals__.get("__loader__")
        # Other loaders compile what they make of the file, and no edit explains the difference.
        if type(loader) is importlib.machinery.SourceFileLoader and os.path.isfile(
            code.co_filename
        ):
            self.edited.add(f"{function.__module__}.{function.__qualname__}")
        return [list(sys.version_info[:2]), shape_of(code)]

    def _touch(self, file: str, package: str) -> None:
        if file.endswith(".py") and file not in self._files and not is_installed(file):
            self._files[file] = package

    def _named(self, code: types.CodeType, scope: dict[str, Any]) -> Any:
        """What the code names: globals of its module, and modules that it imports itself."""
        facts = names_in(code)
        values: dict[str, Any] = {name: scope[name] for name in facts.names if name in scope}
        if facts.names & {"globals", "eval", "exec"}:
            values |= {name: value for name, value in scope.items() if name[:2] != "__"}
        for module, inside in imported(facts, package_of(scope)):
            values.setdefault(f"import {module}.{inside}", found_import(module, inside))
        told = []
        if facts.computed:
            told.append(self.unknown_value(f"{code.co_qualname}: import_module"))
        for name, value in sorted(values.items()):
            if isinstance(value, types.ModuleType):
                whole = name in facts.bare or bool(facts.every & _LOOKED_UP)
                told.append([name, self._module(value, None if whole else facts.every, ())])
            else:
                told.append([name, self.told(value, f"{code.co_qualname}: {name}")])
        return told

    def _module(
        self, module: types.ModuleType, names: Set[str] | None, around: tuple[str, ...]
    ) -> Any:
        """A module: what code that uses it may name in it, or all there is (`names` None)."""
        name = module.__name__
        if is_library_module(name):
            return versioned(name)
        if name in around:
            return ["around", name]
        file = getattr(module, "__file__", None) or ""
        if file and not file.endswith(".py"):
            return ["compiled", name, digest_file(file) if os.path.isfile(file) else ""]
        self._touch(file, package_of(vars(module)))
        if names is None:
            if id(module) in self._known:
                return ["entry", self._known[id(module)]]
            return self._entry(module, lambda: self._inside(module, vars(module), None, around))
        return self._inside(module, {*names, "__getattr__"}, names, around)

    def _inside(
        self,
        module: types.ModuleType,
        names: Set[str] | dict[str, Any],
        deeper: Set[str] | None,
        around: tuple[str, ...],
    ) -> Any:
        told = []
        for name in sorted(names):
            if name.startswith("__") and name != "__getattr__":
                continue
            value = _offered_by(module, name)
            if value is _NOT_THERE:
                continue
            if isinstance(value, types.ModuleType):
                below = self._module(value, deeper, (*around, module.__name__))
            else:
                below = self.told(value, f"{module.__name__}.{name}")
            told.append([name, below])
        return ["module", module.__name__, told]

    def _class(self, cls: type) -> Any:
        members = []
        for name, member in sorted(vars(cls).items()):
            if isinstance(member, _SLOTS) or name in _PUT or name.startswith(_PUT_BY_LIBRARIES):
                continue
            members.append([name, self.told(member, f"{cls.__qualname__}.{name}")])
        scope = getattr(sys.modules.get(cls.__module__), "__dict__", {})
        file = scope.get("__file__") or ""
        self._touch(file, package_of(scope))
        return [
            "class",
            cls.__qualname__,
            class_text(file, cls.__qualname__),
            [self.told(base) for base in (*cls.__bases__, type(cls))],
            members,
        ]

    def _object(self, value: Any, name: str) -> Any:
        kind = type(value)
        if kind is object or isinstance(value, _INERT):
            return ["inert", kind.__qualname__]
        if kind.__module__ in _ENCODED:
            with contextlib.suppress(UserError):
                return ["value", kind.__qualname__, digest_bytes(canonical(value))]
        if is_library(kind):
            return offered(value, name.rpartition(" ")[2]) or self._pickled(value, name)
        if all(cls is object or not is_library(cls) or _is_pure(cls) for cls in kind.__mro__):
            return self._entry(value, lambda: ["object", self.told(kind), self._state(value, name)])
        content = self._pickled(value, name)
        return ["object", self.told(kind), content]

    def _state(self, value: Any, name: str) -> Any:
        slots = [slot for cls in type(value).__mro__ for slot in _slots_of(cls)]
        state = {slot: getattr(value, slot) for slot in slots if hasattr(value, slot)}
        state |= getattr(value, "__dict__", {})
        self._held.append(state)
        return [[str(key), self.told(state[key], name)] for key in sorted(state, key=str)]

    def _built_in(self, value: Any, name: str) -> Any:
        """A function that is no Python, perhaps bound to an object, or of the project's own."""
        owner = getattr(value, "__self__", None)
        if owner is not None and not isinstance(owner, types.ModuleType | type):
            return ["bound", value.__name__, self.told(owner, name)]
        if isinstance(owner, types.ModuleType):
            module = str(getattr(value, "__module__", None) or owner.__name__)
        else:
            module = getattr(value, "__objclass__", owner or type(value)).__module__
        if is_library_module(module):
            return [*versioned(module), value.__qualname__]
        file = getattr(sys.modules.get(module), "__file__", None) or ""
        digest = digest_file(file) if os.path.isfile(file) else ""
        return ["compiled", module, value.__qualname__, digest]

    def _pickled(self, value: Any, name: str) -> Any:
        """The content of a library's object, with the project's code in it told as code."""
        try:
            content, again = _content(value, self), _content(value, self)
        except RecursionError:
            raise
        except Exception:  # what an object raises that cannot be pickled is its own choice
            return self.unknown_value(name or type(value).__qualname__)
        if content != again:  # as of a dataset that is read from an open file
            return self.unknown_value(name or type(value).__qualname__)
        return ["content", type(value).__qualname__, content]


_NOT_THERE = object()
_DISPATCHER = functools.singledispatch(len).__code__  # type: ignore[attr-defined]


class _Sink:
    """A file that keeps nothing of what is written."""

    def __init__(self, take: Callable[[Any], None]) -> None:
        self._take = take

    def write(self, data: Any) -> int:
        """Hand the bytes on."""
        self._take(data)
        return len(data)


class _Pickler(pickle.Pickler):
    """Writes content; functions and classes in it are named by what they are."""

    def __init__(self, sink: _Sink, walk: _Walk) -> None:
        super().__init__(sink, protocol=5)
        self._walk = walk

    def persistent_id(self, obj: Any) -> Any:
        """What stands for a function, a class or a module; None for all else."""
        if isinstance(obj, types.FunctionType | type | types.ModuleType):
            return orjson.dumps(self._walk.told(obj))
        if type(obj) in (set, frozenset):  # whose order is another in each process
            return orjson.dumps(self._walk.told(obj))
        if type(obj).__module__.partition(".")[0] == "torch" and hasattr(obj, "untyped_storage"):
            return _tensor(obj)
        return None


def _content(value: Any, walk: _Walk) -> str:
    sha = hashlib.sha256()
    _Pickler(_Sink(sha.update), walk).dump(value)
    return sha.hexdigest()


def _tensor(tensor: Any) -> Any:
    """The content of a tensor of PyTorch, whose pickle is another in each process."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    data = flat.view(sys.modules["torch"].uint8).numpy()
    return [str(tensor.dtype), list(tensor.shape), str(tensor.device), digest_bytes(data.data)]


def _offered_by(module: types.ModuleType, name: str) -> Any:
    """What a module has under a name, also where it makes that when it is asked for it."""
    if name in vars(module):
        return vars(module)[name]
    if "__getattr__" not in vars(module) or name == "__getattr__":
        return _NOT_THERE
    try:
        return getattr(module, name)
    except (Exception, SystemExit):  # the user's code, which may raise anything
        return _NOT_THERE


def _now(variable: contextvars.ContextVar[Any]) -> Any:
    try:
        return variable.get()
    except LookupError:
        return None


def _cell(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return None


def _slots_of(cls: type) -> tuple[str, ...]:
    slots = vars(cls).get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    hidden = f"_{cls.__name__.lstrip('_')}"
    return tuple(
        f"{hidden}{name}" if name[:2] == "__" and name[-2:] != "__" else name
        for name in names
        if name not in ("__dict__", "__weakref__")
    )


def _is_pure(cls: type) -> bool:
    """Whether a library's class is Python, so that its objects are what their attributes are."""
    return "__dict__" in vars(cls) or "__slots__" in vars(cls)
