"""The task that a record names: the code as it was, and the function as it is now."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from whence.base.error import UserError
from whence.base.escape import readable
from whence.base.module import load_file
from whence.records.record import Record
from whence.records.task_parameter import without_digests


def task_type(record: Record) -> Callable[..., Any]:
    """The task that it was a call of; see `Record.task_type`."""
    described = _description(record)
    if described is not None:
        module, name = str(described["module"]), str(described["taskname"])
        return _member(record, _imported(record, module), name)
    file, _, name = str(readable(record.state.get("target")) or "").rpartition(":")
    if record.kind != "task" or not name:
        raise UserError.of(
            "not-a-task",
            f"the record {record.label} is of no task: it is a {record.kind}",
            mend="Records of tasks are found by `view.filter.kind('task')`.",
        )
    return _member(record, _module(record, file), name)


def task(record: Record) -> functools.partial[Any]:
    """The call again, with the recorded arguments; see `Record.task`."""
    function = task_type(record)
    described = _description(record)
    given = record.parameters if described is None else without_digests(described)["inputs"]
    signature = inspect.signature(function)
    known = signature.parameters
    unknown = [name for name in given if name not in known]
    needed = [
        name
        for name, one in known.items()
        if one.default is one.empty
        and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        and name not in given
    ]
    if unknown or needed:
        raise UserError.of(
            "other-arguments",
            f"{record.task_name} takes other arguments than when {record.label} was recorded: "
            f"{', '.join(unknown or needed)} {'is gone' if unknown else 'is new'}",
            mend="`record.task_code` has the function as it was.",
        )
    arguments = {name: given[name] for name in known if name in given}
    bound = inspect.BoundArguments(signature, arguments)
    return functools.partial(function, *bound.args, **bound.kwargs)


def task_code(record: Record) -> str:
    """The source of the task as it ran; see `Record.task_code`."""
    source = record.script_content
    *_, name = record.task_name.split(".") if record.task_name else ("",)
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return source
    for node in ast.walk(tree):
        if isinstance(node, _DEFINITIONS) and node.name == name:
            first = min((one.lineno for one in node.decorator_list), default=node.lineno)
            return "".join(source.splitlines(keepends=True)[first - 1 : node.end_lineno])
    return source


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _description(record: Record) -> Mapping[str, Any] | None:
    """What smttask noted of its task; its parameters are the task's description."""
    told = record.parameters
    there = {"taskname", "module", "inputs"} <= told.keys()
    return told if there and not record.state.get("target") else None


def _module(record: Record, file: str) -> ModuleType:
    if file.startswith("<"):
        return sys.modules["__main__"]
    store = record.store
    path = Path(os.path.realpath(store.project / file if store is not None else file))
    for module in list(sys.modules.values()):
        own = str(getattr(module, "__file__", None))
        if os.path.basename(own) == path.name and os.path.realpath(own) == str(path):
            return module
    if not path.is_file():
        raise _gone(record, f"the file {file} is not there any more")
    folder = path.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    name = ".".join(path.relative_to(folder).with_suffix("").parts)
    with _first(folder):
        spec = None if name in sys.modules else importlib.util.find_spec(name)
        if spec is not None and spec.origin and os.path.realpath(spec.origin) == str(path):
            return _imported(record, name)
        try:
            return load_file(path, f"{path.stem}_{record.id}")
        except Exception as error:  # the module's own code ran
            raise _gone(record, f"{file} cannot be imported: {error!r}") from error


def _imported(record: Record, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:  # the module's own code ran
        raise _gone(record, f"the module {name!r} cannot be imported: {error!r}") from error


def _member(record: Record, module: ModuleType, name: str) -> Callable[..., Any]:
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise _gone(record, f"{module.__name__} has no {name!r} any more")
    return found  # type: ignore[no-any-return]


def _gone(record: Record, why: str) -> UserError:
    return UserError.of(
        "task-gone",
        f"the task of the record {record.label} cannot be had: {why}",
        mend="`record.task_code` has the source as it ran, and `whence repeat` runs it again.",
    )


@contextmanager
def _first(folder: Path) -> Iterator[None]:
    """Look for modules in a folder first, meanwhile."""
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))
