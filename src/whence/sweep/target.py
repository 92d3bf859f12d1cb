"""What a sweep runs at each point: a Python function, or a command."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import multiprocessing
import os
import pickle
import re
import shlex
import symtable
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from whence.artifacts import place
from whence.base.digest import digest_file
from whence.base.error import UserError
from whence.base.module import load_file
from whence.base.problem import Where, did_you_mean
from whence.runs.code import (
    Code,
    code_of_command,
    code_of_function,
    code_of_script,
    function_file,
)
from whence.runs.launcher import check_program
from whence.store import Store
from whence.sweep.signature import check_call, signature_in, signature_of
from whence.sweep.template import Template

_FUNCTION = re.compile(r"^(?P<file>.+\.py):(?P<name>[A-Za-z_]\w*)$")


@dataclass(frozen=True, slots=True)
class FileFunction:
    """A function of a Python file, loaded in the process that calls it.

    Attributes
    ----------
    file : Path
        Absolute.
    name : str
        The function's name, at the top level of the file.
    loaded : str
        Digest of the file; another content is another module.
    """

    file: Path
    name: str
    loaded: str = ""

    def load(self) -> Callable[..., Any]:
        """The function."""
        function: Callable[..., Any] = getattr(_module(self.file, self.loaded), self.name)
        return function


@dataclass(frozen=True, slots=True)
class GivenFunction:
    """A function that the caller holds; it travels to other processes by its name."""

    function: Callable[..., Any]

    def load(self) -> Callable[..., Any]:
        """The function."""
        return self.function


@dataclass(frozen=True, slots=True)
class Command:
    """A program, started in a folder.

    Attributes
    ----------
    template : Template
        Its words.
    cwd : Path
        Where relative paths in it start.
    """

    template: Template
    cwd: Path


Target = FileFunction | GivenFunction | Command
Given = Callable[..., Any] | str | Sequence[str]


def target_of(given: Given) -> Target:
    """The target that the user means.

    Parameters
    ----------
    given : callable, str or sequence of str
        A function; ``file.py:function``; or the words of a command.

    Raises
    ------
    UserError
        If there is no such file, function or program, or it cannot be sent to other processes.
    """
    if callable(given):
        return _given(given)
    words = [given] if isinstance(given, str) else [str(word) for word in given]
    named = _FUNCTION.match(words[0]) if words else None
    if named and len(words) > 1:
        raise UserError.of(
            "words-after-function",
            f"{words[0]!r} is a function, and {words[1]!r} after it cannot be passed to it",
            mend="FILE.py:FUNCTION stands alone: it is called with the folder and the parameters "
            "of the space. Put what else it needs into the space.",
        )
    if named:
        return _in_file(Path(os.path.abspath(named["file"])), named["name"])
    if isinstance(given, str):
        words = shlex.split(given)
    cwd = Path.cwd()
    if not (words and "{" in words[0]):
        check_program(words, cwd)
    return Command(Template(tuple(words)), cwd)


def name_of(target: Target, project: Path) -> str | tuple[str, ...]:
    """The target as a call key and a record name it."""
    if isinstance(target, Command):
        return target.template.words
    if isinstance(target, FileFunction):
        return f"{place(_real(target.file), (_real(project),))}:{target.name}"
    function = inspect.unwrap(target.function)
    file = function_file(function)
    where = place(file, (_real(project),)) if file else f"<{function.__module__}>"
    return f"{where}:{function.__qualname__}"


def short_name(target: Target) -> str:
    """What a sweep over the target is called if the user gives no name."""
    if isinstance(target, Command):
        scripts = [word for word in target.template.words if word.endswith(".py")]
        return Path(scripts[0] if scripts else target.template.words[0]).stem
    return target.file.stem if isinstance(target, FileFunction) else target.function.__name__


def code_of(target: Target, store: Store) -> Code:
    """The code of the target."""
    if isinstance(target, Command):
        return code_of_command(target.template.words, store.project, store.digest_of)
    if isinstance(target, FileFunction):
        return code_of_script(target.file, store.project)
    return code_of_function(target.function, store.project)


def home_of(target: Target) -> Path:
    """The folder that git is asked about."""
    if isinstance(target, Command):
        return target.cwd
    file = target.file if isinstance(target, FileFunction) else function_file(target.function)
    return file.parent if file else Path.cwd()


def check_parameters(target: Target, names: Mapping[str, Any], flat: Mapping[str, Any]) -> None:
    """Refuse a target that the parameters of a point do not fit.

    Raises
    ------
    UserError
        If a placeholder of a command is unknown, a parameter's name is no Python name, or the
        function does not take them as far as can be told without running it.
    """
    if isinstance(target, Command):
        target.template.check(flat)
        return
    wrong = [name for name in names if not (isinstance(name, str) and name.isidentifier())]
    if wrong:
        raise UserError.of(
            "bad-parameter",
            f"a function cannot take a parameter named {wrong[0]!r}",
            mend="Rename it: letters, digits and underscores, not beginning with a digit.",
        )
    if isinstance(target, FileFunction):
        source = importlib.util.decode_source(target.file.read_bytes())
        check_call(target.name, *signature_in(source, target.name, target.file), names)
    else:
        function = target.function
        check_call(function.__qualname__, signature_of(function), None, names)


def _given(function: Callable[..., Any]) -> GivenFunction:
    if not hasattr(function, "__qualname__"):
        raise UserError.of(
            "no-function",
            f"{function!r} has no name to be on record by",
            mend="Define a function that calls it, at the top level of a module.",
        )
    try:
        pickle.dumps(function)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise UserError.of(
            "local-function",
            f"{getattr(function, '__qualname__', function)!r} cannot be sent to other processes: "
            f"{error}",
            mend="Define it at the top level of a module, not inside another function.",
        ) from None
    return GivenFunction(function)


def _in_file(file: Path, name: str) -> FileFunction:
    if not file.is_file():
        raise UserError.of("no-such-file", f"there is no file {str(file)!r}")
    try:
        source = importlib.util.decode_source(file.read_bytes())
        table = symtable.symtable(source, str(file), "exec")
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise UserError.of(
            "bad-python",
            f"it is not Python: {getattr(error, 'msg', error)}",
            where=Where(str(file), line, getattr(error, "offset", None)),
        ) from None
    names = [symbol.get_name() for symbol in table.get_symbols() if _is_made(symbol)]
    if name not in names:
        raise UserError.of(
            "no-such-function",
            f"there is no function {name!r} in {file.name}",
            where=Where(str(file)),
            mend=_functions_in(table, name),
        )
    return FileFunction(file, name, digest_file(file))


def _functions_in(table: symtable.SymbolTable, name: str) -> str:
    """The functions that a file defines, the likely ones first, as a hint."""
    found = [child.get_name() for child in table.get_children() if child.get_type() == "function"]
    names = list(dict.fromkeys(one for one in found if one.isidentifier() and one != "lambda"))
    if not names:
        return "It defines no function."
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return did_you_mean(name, names) or f"It defines {', '.join(names[:5])}{more}."


def _is_made(symbol: symtable.Symbol) -> bool:
    return symbol.is_namespace() or symbol.is_assigned() or symbol.is_imported()


@functools.lru_cache(maxsize=8)
def _module(file: Path, digest: str) -> ModuleType:
    """The file as a module of its own, in this process; its folder comes first on the path."""
    folder = str(file.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if multiprocessing.parent_process() is not None:
        _forget(folder)
    name = f"{file.stem}_{digest[:12]}"  # not the bare name: that may be some other module's
    return load_file(file, name)


def _forget(folder: str) -> None:
    """Drop modules that a forked worker has from its parent: they may have been edited since."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        inside = file.startswith(folder + os.sep) and "site-packages" not in file
        if inside and name != "__main__":
            del sys.modules[name]


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
