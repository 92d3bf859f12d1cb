"""What code mentions: globals by name, and the modules that it imports itself."""

from __future__ import annotations

import dis
import functools
import importlib
import importlib.util
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from whence.base.library import is_library_module
from whence.base.source import codes_in


@dataclass(frozen=True, slots=True)
class Names:
    """What code names.

    Attributes
    ----------
    names, bare, every
        Globals, those used otherwise than by an attribute, and anything.
    imports
        What it imports itself: level, module and what it takes of it.
    computed : bool
        Whether it imports a module by a name that only running it tells.
    """

    names: frozenset[str]
    bare: frozenset[str]
    every: frozenset[str]
    imports: tuple[tuple[int, str, tuple[str, ...]], ...]
    computed: bool = False


@functools.lru_cache(maxsize=4096)
def names_in(code: types.CodeType) -> Names:
    """What code mentions, also inside of functions that it defines."""
    names: set[str] = set()
    bare: set[str] = set()
    every: set[str] = set()
    imports: list[tuple[int, str, tuple[str, ...]]] = []
    computed = False
    for inner in codes_in(code):
        every.update(inner.co_names)
        every.update(_BY_TEXT & {const for const in inner.co_consts if type(const) is str})
        steps = [step for step in dis.get_instructions(inner) if step.opname not in _NO_STEPS]
        for i, step in enumerate(steps):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                names.add(step.argval)
                following = steps[i + 1].opname if i + 1 < len(steps) else ""
                if following not in ("LOAD_ATTR", "LOAD_METHOD"):
                    bare.add(step.argval)
            elif step.opname == "IMPORT_NAME":
                level, inside = steps[i - 2].argval, steps[i - 1].argval
                imports.append((level, step.argval, tuple(inside or ())))
            if step.argval in _IMPORTERS and step.opname.startswith(_LOADS):
                name = _constant_argument(steps[i + 1 : i + 3])
                computed = computed or name is None
                imports += [] if name is None else [(0, name, ())]
            if step.argval == "modules" and step.opname == "LOAD_ATTR":
                imports += [(0, name, ()) for name in _subscript(steps[i + 1 : i + 3])]
    return Names(frozenset(names), frozenset(bare), frozenset(every), tuple(imports), computed)


_BY_TEXT = frozenset({"__subclasses__"})  # as in `getattr(Base, "__subclasses__")`
# What stands between the steps of code, and is none.
_NO_STEPS = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "PUSH_NULL"})
_IMPORTERS = ("import_module", "__import__")
_LOADS = ("LOAD_ATTR", "LOAD_METHOD", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_FAST", "LOAD_DEREF")


def _constant_argument(steps: Sequence[dis.Instruction]) -> str | None:
    """The absolute name in a call of nothing else, given the steps after the function."""
    if [step.opname for step in steps] != ["LOAD_CONST", "CALL"] or steps[1].arg != 1:
        return None
    name = steps[0].argval
    return name if isinstance(name, str) and name[:1] != "." else None


def _subscript(steps: Sequence[dis.Instruction]) -> Iterator[str]:
    """The name in ``sys.modules["name"]``, given the steps after ``modules``."""
    names = [step.opname for step in steps]
    if names in (["LOAD_CONST", "BINARY_SUBSCR"], ["LOAD_CONST", "BINARY_OP"]):
        yield str(steps[0].argval)


def package_of(scope: Mapping[str, Any]) -> str:
    """The package that relative imports of a module start from; empty for a script."""
    return scope.get("__package__") or ""


def imported(facts: Names, package: str) -> Iterator[tuple[str, str]]:
    """The modules of the project that a function imports itself, and what it takes of them."""
    for level, told, inside in facts.imports:
        try:
            name = importlib.util.resolve_name("." * level + told, package) if level else told
        except ImportError:  # in a script, which has no package: it fails when it runs, too
            continue
        if not is_library_module(name):
            yield from ((name, each) for each in inside or ("",))
