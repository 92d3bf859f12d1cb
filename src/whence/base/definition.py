"""What tells definitions: functions, classes and modules, with all that their code names."""

from __future__ import annotations

import functools
import importlib.machinery
import os
import sys
import types
from collections.abc import Iterable, Iterator, Set
from typing import Any

from whence.base.digest import digest_file
from whence.base.library import (
    home_of,
    is_library,
    is_library_module,
    named_by_library,
    versioned,
)
from whence.base.mention import Names, imported, names_in, package_of
from whence.base.source import shape_of, text_of
from whence.base.top import LOUD, found_import, top_of
from whence.base.walk import Walk


def told_module(walk: Walk, value: types.ModuleType, name: str) -> Any:
    """All that there is in a module."""
    return _named_in(walk, value, None, ())


def told_function(walk: Walk, value: types.FunctionType, name: str) -> Any:
    """The text of a function, and what it closes over and names."""
    known = named_by_library(value)
    return known or walk.entry(value, lambda: _function(walk, value))


def _function(walk: Walk, function: types.FunctionType) -> Any:
    code = function.__code__
    if code is _DISPATCHER:  # its closure holds a cache, which tells nothing
        registry = dict(function.registry)  # type: ignore[attr-defined]
        walk.hold(registry)
        return ["dispatch", walk.told(registry)]
    state = {k: v for k, v in vars(function).items() if k != "__wrapped__"}
    closed = [_cell(cell) for cell in function.__closure__ or ()]
    values = [*closed, *(function.__defaults__ or ()), function.__kwdefaults__, state]
    walk.hold(*values)
    name = function.__qualname__
    told = [walk.told(each, f"{name}: {type(each).__qualname__}") for each in values]
    if is_library_module(home_of(function)):
        return ["function", [*versioned(home_of(function)), code.co_qualname], told, []]
    return ["function", _text(walk, function), told, _named(walk, code, function.__globals__)]


def _text(walk: Walk, function: types.FunctionType) -> Any:
    code, scope = function.__code__, function.__globals__
    walk.touch(code.co_filename, scope)
    # Other loaders compile what they make of the file, and no edit explains the difference.
    plain = type(scope.get("__loader__")) is importlib.machinery.SourceFileLoader
    if plain and os.path.isfile(code.co_filename) and text_of(code) is None:
        walk.edited.add(f"{function.__module__}.{function.__qualname__}")
    text = top_of(code.co_filename, scope).of(code)
    return [list(sys.version_info[:2]), shape_of(code)] if text is None else text


def _named(walk: Walk, code: types.CodeType, scope: dict[str, Any]) -> Any:
    """What code names: globals of its module, and modules that it imports itself."""
    facts = names_in(code)
    owner = code.co_qualname
    told = [walk.not_known(f"{owner}: import_module")] if facts.computed else []
    registry = "__subclasses__" in facts.every
    if registry:
        walk.registries = True
        for cls in _classes(facts, scope):
            walk.base(cls)
    for name, value in sorted(_values(facts, scope).items(), key=_first):
        if value is LOUD:
            why = "not done yet, and it does things: do it at the top of the file"
            told.append(walk.not_known(f"{owner}: {name} ({why})"))
        elif isinstance(value, types.ModuleType):
            whole = name in facts.bare or facts.every & _LOOKED_UP
            told.append([name, _named_in(walk, value, None if whole else facts.every, ())])
        else:
            told.append([name, walk.told(value, f"{owner}: {name}")])
    return told


def _classes(facts: Names, scope: dict[str, Any]) -> Iterator[type]:
    """The classes that code names, of itself or as attributes of modules."""
    named = [scope[name] for name in facts.names if name in scope]
    modules = [vars(each) for each in named if isinstance(each, types.ModuleType)]
    named += [inside[name] for inside in modules for name in facts.every if name in inside]
    return (each for each in named if isinstance(each, type))


def _values(facts: Names, scope: dict[str, Any]) -> dict[str, Any]:
    values = {name: scope[name] for name in facts.names if name in scope}
    if facts.names & {"globals", "eval", "exec"}:
        values |= {name: value for name, value in scope.items() if name[:2] != "__"}
    for module, inside in imported(facts, package_of(scope)):
        name = f"import {module}.{inside}".rstrip(".")
        values.setdefault(name, found_import(module, inside))
    return values


def _named_in(
    walk: Walk, module: types.ModuleType, names: Set[str] | None, around: tuple[str, ...]
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
    walk.touch(file, vars(module))
    if names is not None:
        return _inside(walk, module, names, around)
    return walk.known(module) or walk.entry(module, lambda: _inside(walk, module, None, around))


def _inside(
    walk: Walk, module: types.ModuleType, names: Set[str] | None, around: tuple[str, ...]
) -> Any:
    told = []
    there: Iterable[str] = vars(module) if names is None else {*names, "__getattr__"}
    for name in sorted(each for each in there if each[:2] != "__" or each == "__getattr__"):
        value = _offered_by(module, name)
        if isinstance(value, types.ModuleType):
            told.append([name, _named_in(walk, value, names, (*around, module.__name__))])
        elif value is not _NOT_THERE:
            told.append([name, walk.told(value, f"{module.__name__}.{name}")])
    return ["module", module.__name__, told]


def told_class(walk: Walk, value: type, name: str) -> Any:
    """The text of a class, its members and bases."""
    if is_library(value):
        return [*versioned(value.__module__), value.__qualname__]
    return walk.entry(value, lambda: _class(walk, value))


def _class(walk: Walk, cls: type) -> Any:
    walk.base(cls)
    members = []
    for name, member in sorted(vars(cls).items()):
        if isinstance(member, _SLOTS) or name in _PUT or name.startswith(_PUT_BY_LIBRARIES):
            continue
        members.append([name, walk.told(member, f"{cls.__qualname__}.{name}")])
    declared = [*_declared(cls)]
    walk.hold(declared)
    members.append(["fields", walk.told(declared, f"{cls.__qualname__}: fields")])
    scope = getattr(sys.modules.get(cls.__module__), "__dict__", {})
    file = scope.get("__file__") or ""
    walk.touch(file, scope)
    above = [walk.told(base) for base in (*cls.__bases__, type(cls))]
    text = top_of(file, scope).class_text(cls.__qualname__)
    return ["class", cls.__qualname__, text, above, members]


def _declared(cls: type) -> Iterator[Any]:
    """The values of fields that only the libraries know which made something of them."""
    scope = vars(cls)
    for name, each in scope.get("__dataclass_fields__", {}).items():
        if each.metadata:
            yield [name, dict(each.metadata)]
    yield from scope.get("__pydantic_fields__", {}).items()
    yield from ([each.name, dict(each.metadata)] for each in scope.get("__attrs_attrs__", ()))


def told_built_in(walk: Walk, value: Any, name: str) -> Any:
    """A function that is no Python, perhaps bound to an object, or of the project's own."""
    owner = getattr(value, "__self__", None)
    if owner is not None and not isinstance(owner, types.ModuleType | type):
        return ["bound", value.__name__, walk.told(owner, name)]
    if isinstance(owner, types.ModuleType):
        module = str(getattr(value, "__module__", None) or owner.__name__)
    else:
        module = getattr(value, "__objclass__", owner or type(value)).__module__
    if is_library_module(module):
        return [*versioned(module), value.__qualname__]
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    digest = digest_file(file) if os.path.isfile(file) else ""
    return ["compiled", module, value.__qualname__, digest]


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


def _first(pair: tuple[str, Any]) -> str:
    return pair[0]


def _cell(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return None


_NOT_THERE = object()
_DISPATCHER = functools.singledispatch(len).__code__  # type: ignore[attr-defined]
_LOOKED_UP = frozenset({"getattr", "vars", "globals", "eval", "exec", "__dict__"})
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
_SLOTS = (types.GetSetDescriptorType, types.MemberDescriptorType, types.WrapperDescriptorType)
BUILT_INS = (
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    *_SLOTS,
)
"""The types of functions that are no Python."""
