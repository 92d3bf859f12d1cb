"""Plot functions: those of whence, and users' own."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from whence.base.digest import digest_file
from whence.base.error import UserError
from whence.base.module import load_file
from whence.base.problem import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])

_log = logging.getLogger(__name__)

_MARK = "_whence_plot"
# The modules of plot functions that configurations may name, and what is in them.
BUILT_IN: Mapping[str, tuple[str, ...]] = {".generic": ("facet_grid",)}
LATER: Mapping[str, tuple[str, ...]] = {
    ".multiplot": ("multiplot",),
    ".snsplot": ("snsplot",),
    ".basic": ("lineplot",),
    ".graph": (),
}


@dataclass(frozen=True, slots=True)
class Traits:
    """What a plot function says of itself through `is_plot_func`."""

    creator: str | None = None
    use_dag: bool | None = None
    required_dag_tags: tuple[str, ...] = ()
    compute_only_required_dag_tags: bool = True
    use_helper: bool = True
    helper_defaults: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PlotFunction:
    """A plot function and what is known of it before it is called.

    Attributes
    ----------
    name : str
        As recipes name it: module and function.
    call : callable
        ``call(*, data, hlpr, **options)`` or, without the graph, ``call(dm, *, hlpr, **options)``.
    traits : Traits
        What it says of itself.
    keys : tuple of str or None
        The options it takes, where that is known.
    digest : str or None
        The digest of its module's file; None for those of whence, whose version says it.
    """

    name: str
    call: Callable[..., Any]
    traits: Traits
    keys: tuple[str, ...] | None
    digest: str | None = None


def is_plot_func(
    *,
    creator: str | None = None,
    use_dag: bool | None = None,
    required_dag_tags: tuple[str, ...] | list[str] = (),
    compute_only_required_dag_tags: bool = True,
    use_helper: bool = True,
    helper_defaults: Mapping[str, Any] | None = None,
) -> Callable[[F], F]:
    """Say of a function that it draws plots, and what it needs for it.

    Parameters
    ----------
    creator : str, optional
        The creator for plots that name none.
    use_dag : bool, optional
        Whether it gets selected and transformed data: ``f(*, data, hlpr, **options)``;
        else it is called as ``f(dm, *, hlpr, **options)``.
    required_dag_tags : sequence of str, optional
        The tags it needs; a plot that does not make them is refused before anything runs.
    compute_only_required_dag_tags : bool, optional
        Whether only those tags are computed.
    use_helper : bool, optional
        Whether it gets a `PlotHelper`; without one it is given `out_path` and saves the file
        itself, which is not accepted yet.
    helper_defaults : mapping, optional
        Settings of helpers that plots may override.

    Examples
    --------
    >>> @is_plot_func(use_dag=True, required_dag_tags=("energy",))
    ... def energies(*, data, hlpr, color="k"):
    ...     hlpr.ax.plot(data["energy"], color=color)
    """
    traits = Traits(
        creator,
        True if use_dag is None and required_dag_tags else use_dag,
        tuple(required_dag_tags),
        compute_only_required_dag_tags,
        use_helper,
        helper_defaults,
    )

    def mark(function: F) -> F:
        setattr(function, _MARK, traits)
        return function

    return mark


def resolve(
    plot_func: Any, module: str | None, module_file: str | None, base: Path | None
) -> PlotFunction:
    """The plot function that a configuration names.

    Parameters
    ----------
    plot_func : str or callable
        Its name, with dots for attributes, or the function itself.
    module : str or None
        ``.generic`` for those of whence, else an importable module.
    module_file : str or None
        A Python file that has it, relative to `base`.
    base : Path or None
        The folder of the configuration.

    Raises
    ------
    UserError
        If there is no such module, file or function, or importing it fails.
    """
    if callable(plot_func):
        return _own(plot_func)
    if not isinstance(plot_func, str):
        raise UserError.of("bad-value", f"`plot_func` must be a name, not {plot_func!r}")
    if module_file is not None:
        return _own(_attribute(_load_file(module_file, base), plot_func))
    if module is None:
        raise UserError.of(
            "missing-key",
            f"no `module` says where the plot function {plot_func!r} is",
            mend="Add `module: .generic`, the name of your module, or `module_file: FILE.py`.",
        )
    if module.startswith("."):
        return _built_in(module, plot_func)
    return _own(_attribute(_import(module, base), plot_func))


def _built_in(module: str, name: str) -> PlotFunction:
    if name in LATER.get(module, ()) or (module in LATER and module not in BUILT_IN):
        raise UserError.of(
            "not-accepted-yet",
            f"the plot function {name!r} of module {module!r} is not accepted yet",
            mend="Use `module: .generic` with `plot_func: facet_grid`, or a function of your own.",
        )
    if module not in BUILT_IN:
        near = did_you_mean(module, BUILT_IN)
        raise UserError.of("unknown-module", f"unknown module {module!r} of plot functions",
                           mend=near or f"Known are: {', '.join(BUILT_IN)}.")  # fmt: skip
    if name not in BUILT_IN[module]:
        near = did_you_mean(name, BUILT_IN[module])
        known = ", ".join(BUILT_IN[module])
        raise UserError.of("unknown-plot-function", f"{module!r} has no plot function {name!r}",
                           mend=near or f"It has: {known}.")  # fmt: skip
    from whence.plot import facet

    traits = Traits(use_dag=True, required_dag_tags=("data",))
    return PlotFunction(f"{module}.{name}", facet.facet_grid, traits, facet.KEYS)


def _own(function: Any) -> PlotFunction:
    if not callable(function):
        raise UserError.of("unknown-plot-function", f"{function!r} is not a function")
    traits = getattr(function, _MARK, Traits())
    if not traits.use_helper:
        raise UserError.of(
            "not-accepted-yet",
            f"the plot function {function.__name__!r} with use_helper=False is not accepted yet",
            mend="Draw on `hlpr.ax`; whence saves the figure.",
        )
    parameters = inspect.signature(function).parameters.values()
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters)
    named = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
    keys = None if open_ended else tuple(k for k in named if k not in ("data", "hlpr"))
    name = f"{function.__module__}.{function.__qualname__}"
    return PlotFunction(name, function, traits, keys, _digest(function))


def _digest(function: Any) -> str:
    """The digest of the function, of its file and of what that imports from beside it."""
    from whence.runs.code import code_of_function, function_file

    file = function_file(function)
    code = code_of_function(function, file.parent if file else Path.cwd())
    for note in code.notes:
        _log.warning("%s: %s", getattr(function, "__qualname__", function), note)
    return str(code.digest)


def _attribute(module: ModuleType, dotted: str) -> Any:
    found: Any = module
    for part in dotted.split("."):
        if not hasattr(found, part):
            public = [name for name in dir(found) if callable(getattr(found, name))]
            raise UserError.of(
                "unknown-plot-function",
                f"the module {module.__name__!r} has no plot function {dotted!r}",
                mend=did_you_mean(part, public),
            )
        found = getattr(found, part)
    return found


def _load_file(module_file: str, base: Path | None) -> ModuleType:
    path = Path(module_file).expanduser()
    path = path if path.is_absolute() or base is None else base / path
    if "\0" in module_file or not path.is_file():
        raise UserError.of("missing-file", f"there is no file {str(path)!r} with plot functions")
    name = f"whence_plot_functions_{digest_file(path)[:16]}"
    known = sys.modules.get(name)  # the digest in the name: an edited file is loaded afresh
    if known is not None and known.__file__ == os.path.abspath(path):
        return known
    loaded: ModuleType = _run(lambda: load_file(path, name), str(path))
    return loaded


def _import(module: str, base: Path | None) -> ModuleType:
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        found = None
    if found is None and base is not None:
        beside = base.joinpath(*module.split(".")).with_suffix(".py")
        if beside.is_file():
            return _load_file(str(beside), None)
    if found is None:
        raise UserError.of(
            "unknown-module",
            f"there is no module {module!r} to import plot functions from",
            mend="Install it, or name its file with `module_file: FILE.py`.",
        )
    imported: ModuleType = _run(lambda: importlib.import_module(module), module)
    return imported


def _run(load: Callable[[], Any], name: str) -> Any:
    try:
        return load()
    except Exception as error:  # the module's own code may raise anything
        message = f"importing {name!r} failed: {type(error).__name__}: {error}"
        raise UserError.of("import-failed", message) from error
