"""Whether arguments are what the annotations of a function say, where those are simple."""

from __future__ import annotations

import inspect
import numbers
import typing
from collections.abc import Callable, Mapping
from typing import Any

from whence.base.error import UserError
from whence.base.problem import Problem

_SIMPLE: Mapping[Any, tuple[type, ...]] = {
    bool: (bool,),
    int: (numbers.Integral,),
    float: (numbers.Real,),
    str: (str,),
    bytes: (bytes,),
}


def fitted(
    function: Callable[..., Any], arguments: Mapping[str, Any], given: set[str]
) -> dict[str, Any]:
    """The arguments that are to be another value: an int where a float is asked for.

    So ``f(1)`` and ``f(1.0)`` are one call. Annotations other than ``bool``, ``int``, ``float``,
    ``str`` and ``bytes`` are not looked at, and defaults are never refused.

    Parameters
    ----------
    function : callable
        Whose annotations count.
    arguments : mapping
        By name, defaults included.
    given : set of str
        The names of those that the caller gave.

    Raises
    ------
    UserError
        With every argument that is of another type.
    """
    changed, problems = {}, []
    for name, wanted in _simple(function).items():
        value = arguments[name]
        if not isinstance(value, _SIMPLE[wanted]):
            if name not in given:
                continue
            problems.append(
                Problem(
                    "bad-argument",
                    f"{function.__qualname__} takes {name} as {wanted.__name__}, and was given "
                    f"{value!r}, of type {type(value).__name__}",
                    mend="Pass what the annotation says, or annotate what the function takes.",
                )
            )
        elif wanted is float and type(value) is not float:
            changed[name] = float(arguments[name])
    if problems:
        raise UserError(*problems)
    return changed


def _simple(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        hints = typing.get_type_hints(function)
    except Exception:  # an annotation may name what is imported for type checkers only
        hints = dict(getattr(function, "__annotations__", {}))
    several = _several(function)
    return {
        name: wanted
        for name, wanted in hints.items()
        if name != "return" and name not in several and _known(wanted)
    }


def _known(wanted: Any) -> bool:
    return isinstance(wanted, type) and wanted in _SIMPLE


def _several(function: Callable[..., Any]) -> set[str]:
    """The names of ``*args`` and ``**kwargs``, whose annotation is that of each item."""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {n for n, p in inspect.signature(function).parameters.items() if p.kind in kinds}
