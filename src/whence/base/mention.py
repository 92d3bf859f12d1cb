"""What code mentions: globals by name, and the modules that it imports itself."""

from __future__ import annotations

import dis
import functools
import importlib
import importlib.util
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from whence.base.library import is_library_module
from whence.base.source import codes_in


@dataclass(frozen=True, slots=True)
class Names:
    """What code names: globals, those used otherwise than by an attribute, anything, imports."""

    names: frozenset[str]
    bare: frozenset[str]
    every: frozenset[str]
    imports: tuple[tuple[int, str, tuple[str, ...]], ...]


@functools.lru_cache(maxsize=4096)
def names_in(code: types.CodeType) -> Names:
    """What code mentions, also inside of functions that it defines."""
    names: set[str] = set()
    bare: set[str] = set()
    every: set[str] = set()
    imports = []
    for inner in codes_in(code):
        every.update(inner.co_names)
        steps = [step for step in dis.get_instructions(inner) if step.opname != "CACHE"]
        for i, step in enumerate(steps):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                names.add(step.argval)
                following = steps[i + 1].opname if i + 1 < len(steps) else ""
                if following not in ("LOAD_ATTR", "LOAD_METHOD"):
                    bare.add(step.argval)
            elif step.opname == "IMPORT_NAME":
                level, inside = steps[i - 2].argval, steps[i - 1].argval
                imports.append((level, step.argval, tuple(inside or ())))
    return Names(frozenset(names), frozenset(bare), frozenset(every), tuple(imports))


def imported(facts: Names, package: str) -> Iterator[tuple[str, str]]:
    """The modules of the project that a function imports itself, and what it takes of them."""
    for level, told, inside in facts.imports:
        name = importlib.util.resolve_name("." * level + told, package) if level else told
        if not is_library_module(name):
            yield from ((name, each) for each in inside or ("",))


def found_import(module: str, inside: str) -> Any:
    """What an import inside of a function gives; what fails here fails when that runs, too."""
    try:
        found = importlib.import_module(module)
        if inside and not hasattr(found, inside):
            return importlib.import_module(f"{module}.{inside}")
    except Exception:  # importing runs the user's code, which may raise anything
        return None
    return getattr(found, inside) if inside else found
