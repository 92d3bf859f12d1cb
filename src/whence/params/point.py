"""One choice of a parameter space, and the mould that all its points are cast from."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

States: TypeAlias = Sequence[int]
Path: TypeAlias = tuple[Any, ...]

_Cast: TypeAlias = Callable[[States], Any]


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a parameter space.

    Attributes
    ----------
    params : dict
        The parameters, nested as in the space. The dicts and lists are this point's own.
    state_no : int
        The number of the state, as paramspace counts them.
    state_str : str
        The number with leading zeros, as wide as the space's largest.
    coords : dict of str to object
        The value of every dimension.
    """

    params: dict[str, Any]
    state_no: int
    state_str: str
    coords: dict[str, Any]


def mould(value: Any, tables: Mapping[Path, tuple[int, Sequence[Any]]]) -> _Cast:
    """A function from states to a fresh copy of a value whose dimensions are resolved.

    The dicts and lists are copied for each cast, what cannot change is shared: a cast costs a
    few shallow copies, whatever the dimensions hold.

    Parameters
    ----------
    value : object
        Nested dicts and lists with dimensions in them.
    tables : mapping of path to (int, sequence)
        For the path of each dimension: whose state it has, and its values by state.
    """
    constant, cast = _mould(value, tables, ())
    return cast or (lambda _: constant)


def _mould(
    value: Any, tables: Mapping[Path, tuple[int, Sequence[Any]]], path: Path
) -> tuple[Any, _Cast | None]:
    """The value itself if all casts can share it, else how to cast it."""
    if path in tables:
        return None, _choice(*tables[path])
    if isinstance(value, Mapping):
        return None, _container({**value}, value.items(), tables, path)
    if isinstance(value, list):
        return None, _container([*value], enumerate(value), tables, path)
    try:
        hash(value)
    except TypeError:
        return None, lambda _: copy.deepcopy(value)
    return value, None


def _container(base: Any, items: Any, tables: Mapping[Path, Any], path: Path) -> _Cast:
    parts: list[tuple[Any, _Cast]] = []
    for key, item in items:
        constant, cast = _mould(item, tables, (*path, key))
        base[key] = constant
        if cast is not None:
            parts.append((key, cast))
    fresh = base.copy
    if not parts:
        return lambda _: fresh()

    def cast_container(states: States) -> Any:
        made = fresh()
        for key, cast in parts:
            made[key] = cast(states)
        return made

    return cast_container


def _choice(position: int, values: Sequence[Any]) -> _Cast:
    moulds = [_mould(value, {}, ()) for value in values]
    if all(cast is None for _, cast in moulds):
        state_of = itemgetter(position)
        return lambda states: values[state_of(states)]
    casts = [cast or (lambda _, shared=shared: shared) for shared, cast in moulds]
    return lambda states: casts[states[position]](states)
