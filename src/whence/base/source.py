"""The text of code that runs, held against the file that it came from."""

from __future__ import annotations

import ast
import functools
import importlib.util
import inspect
import linecache
import os
import sysconfig
import types
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from whence.base.digest import Stamp
from whence.base.effect import effects_in, is_optional

_INSTALLED = frozenset({"site-packages", "dist-packages"})


@functools.lru_cache(maxsize=8192)
def is_installed(file: str | os.PathLike[str]) -> bool:
    """Whether a file belongs to Python or to an installed package, which a version stands for."""
    path = Path(os.path.realpath(file))
    if _INSTALLED & set(path.parts):
        return True
    libraries, scripts = _places()
    return path.parent in scripts or any(path.is_relative_to(place) for place in libraries)


@functools.cache
def _places() -> tuple[frozenset[Path], frozenset[Path]]:
    """Where Python's own modules are, and where installed programs are."""
    paths = {key: Path(os.path.realpath(path)) for key, path in sysconfig.get_paths().items()}
    libraries = frozenset(paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib"))
    return libraries, frozenset({paths["scripts"]})


def text_of(code: types.CodeType) -> str | None:
    """The text of a function, if its file still holds what runs; comments and layout left out.

    None where there is no text, or where the file has another function in its place by now. A
    function that only moved within its file is found.
    """
    text = taken_apart(code.co_filename)
    return None if text is None else text.of(code)


def holds(file: str, module: types.CodeType) -> bool:
    """Whether a file holds the text of a whole module that runs; comments and layout left out."""
    text = taken_apart(file)
    return text is not None and text.whole == shape_of(module)


def shape_of(code: types.CodeType) -> list[Any]:
    """What a function does, as the interpreter holds it: the same wherever in a file it stands.

    It is plain data, and depends on the version of Python.
    """
    return [
        code.co_name, code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount,
        code.co_flags, code.co_code.hex(), code.co_exceptiontable.hex(), list(code.co_names),
        list(code.co_varnames), list(code.co_freevars), list(code.co_cellvars),
        [_constant(const) for const in code.co_consts],
    ]  # fmt: skip


def outline_of(module: types.CodeType) -> list[Any]:
    """The shape of what a module or a class does at its top level; of functions, the names."""
    told = shape_of(module)[:-1]
    return [*told, [_defined(const) for const in module.co_consts]]


def _defined(const: Any) -> Any:
    if not isinstance(const, types.CodeType) or const.co_name[:1] == "<":
        return _constant(const)
    return const.co_name if const.co_flags & inspect.CO_OPTIMIZED else outline_of(const)


def _constant(const: Any) -> Any:
    if isinstance(const, types.CodeType):
        return shape_of(const)
    if isinstance(const, tuple):
        return [_constant(item) for item in const]
    if isinstance(const, frozenset):  # its order depends on the process
        return ["frozenset", sorted(repr(_constant(item)) for item in const)]
    return repr(const)


class Text:
    """A Python file or a notebook's cell, taken apart once.

    Attributes
    ----------
    classes : mapping of str to str
        The text of classes by their qualified names.
    effects : str
        What it does beside defining things.
    imports : tuple of (int, str)
        What it may import as it runs: level, and names that may be modules.
    whole, outline : list
        Its shape, and what `outline_of` makes of it; empty if it is no Python.
    """

    def __init__(self, text: str, name: str) -> None:
        self._functions: dict[tuple[str, int], list[ast.AST]] = {}
        self._codes: dict[str, list[types.CodeType]] = {}
        self._told: dict[types.CodeType, str | None] = {}
        self.classes: Mapping[str, str] = {}
        self.effects = ""
        self.imports: tuple[tuple[int, str], ...] = ()
        self.whole: list[Any] = []
        self.outline: list[Any] = []
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the user's code, told when it was imported
                tree = ast.parse(text)
                module = compile(tree, name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError):
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min((node, *node.decorator_list), key=lambda part: part.lineno)
                self._functions.setdefault((node.name, first.lineno), []).append(node)
            elif isinstance(node, ast.Lambda):
                self._functions.setdefault(("<lambda>", node.lineno), []).append(node)
        self.whole, self.outline = shape_of(module), outline_of(module)
        for code in codes_in(module):
            self._codes.setdefault(code.co_qualname, []).append(code)
        self.classes = {name: ast.unparse(node) for name, node in _classes(tree, "")}
        self.imports = tuple(dict.fromkeys(_imports(tree)))
        self.effects = effects_in(tree)

    def of(self, code: types.CodeType) -> str | None:
        """The text of a function that was compiled from this or an earlier state of it."""
        if code not in self._told:
            self._told[code] = self._find(code)
        return self._told[code]

    def _find(self, code: types.CodeType) -> str | None:
        shape = None
        there = self._codes.get(code.co_qualname, ())
        for other in sorted(there, key=lambda each: each.co_firstlineno != code.co_firstlineno):
            if other != code:
                shape = shape or shape_of(code)
                if shape_of(other) != shape:
                    continue
            nodes = self._functions.get((other.co_name, other.co_firstlineno), ())
            if len(nodes) == 1:
                return ast.unparse(nodes[0])
            if nodes:  # several lambdas on one line
                return repr(shape_of(code))
        return None


def codes_in(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code and that of functions inside of it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from codes_in(const)


def _classes(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield prefix + child.name, child
            yield from _classes(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _classes(child, f"{prefix}{child.name}.<locals>.")
        else:
            yield from _classes(child, prefix)


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _imports(node: ast.AST) -> Iterator[tuple[int, str]]:
    """What runs of imports when a module is imported: level, and names that may be modules."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((0, each.name) for each in child.names)
        elif isinstance(child, ast.ImportFrom):
            told = child.module or ""
            yield child.level, told
            dotted = f"{told}." if told else ""
            yield from ((child.level, dotted + each.name) for each in child.names)
        elif not (isinstance(child, _FUNCTIONS) or is_optional(child)):
            yield from _imports(child)


def taken_apart(name: str) -> Text | None:
    """What a file or a notebook's cell holds now; None if that cannot be had."""
    stamp = Stamp.of(name)
    if stamp is None:
        return _typed(name)
    return _fresh(name) if stamp.young else _read(name, stamp)


@functools.lru_cache(maxsize=4096)
def _read(name: str, stamp: Stamp) -> Text | None:
    return _fresh(name)


def _fresh(name: str) -> Text | None:
    try:
        text = importlib.util.decode_source(Path(name).read_bytes())
    except (OSError, SyntaxError, UnicodeDecodeError):
        return None
    return _parsed(text, name)


def _typed(name: str) -> Text | None:
    """The text of a notebook's cell, which the notebook keeps among the lines of files."""
    lines = linecache.cache.get(name)
    if lines is None or len(lines) != 4:
        return None
    return _parsed("".join(lines[2]), name)


@functools.lru_cache(maxsize=4096)
def _parsed(text: str, name: str) -> Text:
    return Text(text, name)
