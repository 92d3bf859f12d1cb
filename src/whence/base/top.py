"""What the top levels of modules did when they ran, as far as it can be known afterwards."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import marshal
import os
import sys
import threading
import types
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whence.base.library import is_library_module
from whence.base.mention import package_of
from whence.base.source import Text, outline_of, taken_apart


@dataclass(frozen=True, slots=True)
class Top:
    """The top level of a module that ran.

    Attributes
    ----------
    text : Text or None
        What ran; of one that is older than its file, which cannot be had back, that of the file.
    names : tuple of str
        What may be modules that it imported.
    token : str
        What is like no other, of one that is older than its file; else empty.
    """

    text: Text | None
    names: tuple[str, ...] = ()
    token: str = ""

    @property
    def effects(self) -> str:
        """What it did beside defining things."""
        return self.token or (self.text.effects if self.text else "")

    def of(self, code: types.CodeType) -> str | None:
        """The text of a function, if it is the one that ran."""
        return self.text.of(code) if self.text else None

    def class_text(self, name: str) -> str:
        """The text of a class by its qualified name; empty if there is none."""
        return self.text.classes.get(name, "") if self.text else ""

    def imported(self) -> Iterator[types.ModuleType]:
        """The modules of the project that it imported."""
        for name in self.names:
            if name in sys.modules and not is_library_module(name):
                yield sys.modules[name]


class _Memory:
    """What is known of modules that are loaded: it stays as it is until they are loaded anew."""

    def __init__(self) -> None:
        self._known: weakref.WeakKeyDictionary[types.ModuleType, tuple[Any, Top]]
        self._known = weakref.WeakKeyDictionary()

    def top_of(self, file: str, scope: Mapping[str, Any]) -> Top:
        module = sys.modules.get(scope.get("__name__", ""))
        if type(module) is not types.ModuleType or vars(module) is not scope:
            return _read(file, scope, None)
        if file != scope.get("__file__"):  # as of a notebook's cell
            return _read(file, scope, None)
        spec, top = self._known.get(module, (None, None))
        if top is None or spec is not module.__spec__:
            top = _read(file, scope, module)
            self._known[module] = module.__spec__, top
        return top


top_of = _Memory().top_of
"""The top level of the module that has a scope and a file, or that file as it is now."""


def running_code(module: types.ModuleType) -> types.CodeType | None:
    """The code of a module that is being run: of a script, until it ends."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None:
        if frame.f_globals is vars(module) and frame.f_code.co_name == "<module>":
            return frame.f_code
        frame = frame.f_back
    return None


LOUD = object()
"""What stands for an import that does more than to define things."""


def found_import(module: str, inside: str) -> Any:
    """What an import inside of a function gives, or `LOUD` if it did not run yet and does things.

    What fails here fails when that runs, too.
    """
    if not is_quiet(module):
        return LOUD
    try:
        found = importlib.import_module(module)
        if not inside or hasattr(found, inside):
            return getattr(found, inside) if inside else found
        below = f"{module}.{inside}"
        return importlib.import_module(below) if is_quiet(below) else LOUD
    except (Exception, SystemExit):  # importing runs the user's code, which may raise anything
        return None


def is_quiet(name: str, seen: set[str] | None = None) -> bool:
    """Whether to import a module does no more than to define things, as far as its text tells.

    So it is of one that is imported already, and of one that is not there.
    """
    seen = set() if seen is None else seen
    if name in seen or name in sys.modules or is_library_module(name):
        return True
    seen.add(name)
    above = name.rpartition(".")[0]
    if above and not is_quiet(above, seen):
        return False
    spec = _spec_of(name)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return True
    text = taken_apart(spec.origin)
    if text is None or text.effects:
        return False
    package = name if spec.submodule_search_locations is not None else above
    return all(is_quiet(each, seen) for each in _names(text, package))


def _spec_of(name: str) -> importlib.machinery.ModuleSpec | None:
    """Where a module would come from; unlike Python's own it imports no package on the way."""
    above = name.rpartition(".")[0]
    path = None
    if above:
        known = sys.modules.get(above)
        spec = None if known else _spec_of(above)
        path = getattr(known, "__path__", None) or (spec and spec.submodule_search_locations)
        if not path:
            return None
    finders = (getattr(finder, "find_spec", None) for finder in sys.meta_path)
    found = (find(name, path, None) for find in finders if find is not None)
    return next((spec for spec in found if spec is not None), None)


def _names(text: Text, package: str) -> tuple[str, ...]:
    """What the imports of a text name, with the packages that they are in."""
    names: dict[str, None] = {}
    for level, told in text.imports:
        try:
            name = importlib.util.resolve_name("." * level + told, package) if level else told
        except ImportError:  # in a script, which has no package
            continue
        parts = name.split(".")
        names |= dict.fromkeys(".".join(parts[: n + 1]) for n in range(len(parts)))
    return tuple(names)


def _read(file: str, scope: Mapping[str, Any], module: types.ModuleType | None) -> Top:
    text = taken_apart(file)
    names = () if text is None else _names(text, package_of(scope))
    if module is not None and _is_older(module, file, text):
        return Top(text, names, f"older than its file: {os.urandom(16).hex()}")
    return Top(text, names)


def _is_older(module: types.ModuleType, file: str, text: Text | None) -> bool:
    """Whether a module is known to have done something else than its file says."""
    # Other loaders compile what they make of a file, and no edit explains the difference.
    if type(module.__loader__) is not importlib.machinery.SourceFileLoader:
        return False
    if text is None or not text.whole:
        return True
    code = running_code(module) or _compiled(module, file)
    return code is not None and outline_of(code) != text.outline


def _compiled(module: types.ModuleType, file: str) -> types.CodeType | None:
    """The compiled code that Python keeps of a module, if it is of another state of the file.

    Python writes it as it imports, so what it is of was there then, or later: edited, and
    imported by another process.
    """
    kept = getattr(module.__spec__, "cached", None)
    if not kept or sys.dont_write_bytecode or not os.access(os.path.dirname(kept), os.W_OK):
        return None
    try:
        data, told = Path(kept).read_bytes(), os.stat(file)
    except OSError:
        return None
    of = b"".join(
        (n & 0xFFFFFFFF).to_bytes(4, "little") for n in (int(told.st_mtime), told.st_size)
    )
    if data[:8] != importlib.util.MAGIC_NUMBER + bytes(4) or data[8:16] == of:
        return None
    code = marshal.loads(data[16:])
    return code if isinstance(code, types.CodeType) else None
