"""The text of code that runs, held against the file that it came from."""

from __future__ import annotations

import ast
import functools
import importlib.util
import linecache
import os
import sysconfig
import types
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from whence.base.digest import Stamp

_INSTALLED = frozenset({"site-packages", "dist-packages"})


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
    text = _text(code.co_filename)
    return None if text is None else text.of(code)


def holds(file: str, module: types.CodeType) -> bool:
    """Whether a file holds the text of a whole module that runs; comments and layout left out."""
    text = _text(file)
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


def effects_of(file: str) -> str:
    """What a module does at its top level beside defining and importing: ``plt.style.use(...)``.

    It may change what every function of the module does, though none of them names it.
    """
    text = _text(file)
    return "" if text is None else text.effects


def imports_of(file: str, package: str) -> Iterator[str]:
    """The modules that a module may import at its top level, with the packages they are in."""
    text = _text(file)
    for level, told in () if text is None else text.imports:
        try:
            name = importlib.util.resolve_name("." * level + told, package) if level else told
        except ImportError:  # in a script, which has no package
            continue
        parts = name.split(".")
        yield from (".".join(parts[: n + 1]) for n in range(len(parts)))


def class_text(file: str, name: str) -> str:
    """The text of a class by its qualified name, comments and layout left out; empty if none."""
    text = _text(file)
    return "" if text is None else text.classes.get(name, "")


def _constant(const: Any) -> Any:
    if isinstance(const, types.CodeType):
        return shape_of(const)
    if isinstance(const, tuple):
        return [_constant(item) for item in const]
    if isinstance(const, frozenset):  # its order depends on the process
        return ["frozenset", sorted(repr(_constant(item)) for item in const)]
    return repr(const)


class _Text:
    """A Python file or a notebook's cell, taken apart once."""

    def __init__(self, text: str, name: str) -> None:
        self._functions: dict[tuple[str, int], list[ast.AST]] = {}
        self._codes: dict[str, list[types.CodeType]] = {}
        self._told: dict[types.CodeType, str | None] = {}
        self.classes: Mapping[str, str] = {}
        self.effects = ""
        self.imports: tuple[tuple[int, str], ...] = ()
        self.whole: list[Any] = []
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
        self.whole = shape_of(module)
        for code in codes_in(module):
            self._codes.setdefault(code.co_qualname, []).append(code)
        self.classes = {name: ast.unparse(node) for name, node in _classes(tree, "")}
        self.imports = tuple(dict.fromkeys(_imports(tree)))
        named = _named_in_functions(tree)
        self.effects = "\n".join(ast.unparse(node) for node in tree.body if _acts(node, named))

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
        elif not (isinstance(child, _FUNCTIONS) or _is_optional(child)):
            yield from _imports(child)


def _named_in_functions(tree: ast.Module) -> frozenset[str]:
    """The names in functions, by which the values of globals are known."""
    functions = (node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS))
    inside = (each for function in functions for each in ast.walk(function))
    return frozenset(each.id for each in inside if isinstance(each, ast.Name))


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _acts(node: ast.stmt, known: frozenset[str]) -> bool:
    """Whether a statement does more than to define something that functions name."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass):
        return False
    if isinstance(node, ast.Expr):
        called = node.value.func if isinstance(node.value, ast.Call) else None
        printing = isinstance(called, ast.Name) and called.id == "print"
        return not printing and not isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets: Sequence[ast.expr] = (
            node.targets if isinstance(node, ast.Assign) else (node.target,)
        )
        if not all(isinstance(target, ast.Name | ast.Tuple | ast.List) for target in targets):
            return True
        calls = any(isinstance(each, ast.Call) for each in ast.walk(node))
        names = {each.id for t in targets for each in ast.walk(t) if isinstance(each, ast.Name)}
        return calls and not names <= known  # `_ = random.seed(1)`
    return not _is_optional(node)


def _is_optional(node: ast.AST) -> bool:
    """Whether it runs in a script only, or never, so that it says nothing on functions."""
    tests = ast.walk(node.test) if isinstance(node, ast.If) else ()
    return any(isinstance(each, ast.Name) and each.id in _MAIN_OR_TYPES for each in tests)


_MAIN_OR_TYPES = ("__name__", "TYPE_CHECKING")


def _text(name: str) -> _Text | None:
    stamp = Stamp.of(name)
    return _typed(name) if stamp is None else _read(name, stamp)


@functools.lru_cache(maxsize=512)
def _read(name: str, stamp: Stamp) -> _Text | None:
    try:
        return _Text(importlib.util.decode_source(Path(name).read_bytes()), name)
    except (OSError, SyntaxError, UnicodeDecodeError):
        return None


def _typed(name: str) -> _Text | None:
    """The text of a notebook's cell, which the notebook keeps among the lines of files."""
    lines = linecache.cache.get(name)
    if lines is None or len(lines) != 4:
        return None
    return _taken_apart("".join(lines[2]), name)


@functools.lru_cache(maxsize=512)
def _taken_apart(text: str, name: str) -> _Text:
    return _Text(text, name)
