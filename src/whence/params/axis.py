"""Where the dimensions of a space stand, what they are called, and which follows which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from whence.base.error import UserError
from whence.base.problem import Problem, Where, did_you_mean
from whence.params.dim import CoupledParamDim, ParamDim
from whence.params.point import Path

D = TypeVar("D", ParamDim, CoupledParamDim)


@dataclass(frozen=True, slots=True)
class Axis(Generic[D]):
    """A dimension in its space.

    Attributes
    ----------
    name : str
        Its name, unique in the space.
    path : tuple
        The keys and indices that lead to it.
    dim : ParamDim or CoupledParamDim
        The dimension itself.
    """

    name: str
    path: Path
    dim: D


def axes_of(value: Any, kind: type[D]) -> tuple[Axis[D], ...]:
    """All dimensions of a kind in nested dicts and lists, slowest first.

    They are sorted by their order, then by their key path; the last one varies fastest.

    Raises
    ------
    UserError
        If two have the same name.
    """
    found = sorted(_dims(value, kind, ()), key=lambda item: (item[1].order, _sortable(item[0])))
    names = _names(found)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UserError(
            *(
                Problem(
                    "duplicate-name",
                    f"several parameter dimensions are named {name!r}",
                    Where(path=found[len(names) - 1 - names[::-1].index(name)][0]),
                    "Give one of them another `name`.",
                )
                for name in twice
            )
        )
    return tuple(Axis(name, path, dim) for name, (path, dim) in zip(names, found, strict=True))


def find_axis(axes: Sequence[Axis[Any]], name: str | Sequence[Any]) -> int:
    """The position of the axis of that name, or whose key path ends with that path.

    Raises
    ------
    UserError
        If there is none, or if the path fits several.
    """
    if isinstance(name, str):
        fitting = [i for i, axis in enumerate(axes) if axis.name == name]
    else:
        path = tuple(name)
        whole = path[:1] == ("",)
        fitting = [
            i
            for i, axis in enumerate(axes)
            if (axis.path == path[1:] if whole else axis.path[-len(path) :] == path)
        ]
    if len(fitting) == 1:
        return fitting[0]
    shown = repr(name) if isinstance(name, str) else repr(list(name))
    known = "; ".join(f"{axis.name} at {'.'.join(map(str, axis.path))}" for axis in axes)
    near = did_you_mean(name, [axis.name for axis in axes]) if isinstance(name, str) else None
    raise UserError.of(
        "ambiguous-dimension" if fitting else "unknown-dimension",
        f"{shown} fits several parameter dimensions"
        if fitting
        else f"there is no parameter dimension {shown}",
        mend=near or (f"The dimensions are: {known}." if known else "The space has none."),
    )


def target_of(
    coupled: Sequence[Axis[CoupledParamDim]], axes: Sequence[Axis[ParamDim]]
) -> tuple[int, ...]:
    """The position of the axis that each coupled one follows.

    Raises
    ------
    UserError
        For each whose target is not there, or fits several, or has another number of values.
    """
    targets: list[int] = []
    problems: list[Problem] = []
    for axis in coupled:
        try:
            position = _position_of_target(axis.dim, axes)
            axis.dim.coords(axes[position].dim)
            targets.append(position)
        except UserError as error:
            problems += (
                replace(problem, where=Where(path=axis.path)) for problem in error.problems
            )
    if problems:
        raise UserError(*problems)
    return tuple(targets)


def _position_of_target(dim: CoupledParamDim, axes: Sequence[Axis[ParamDim]]) -> int:
    target = dim.target_pdim
    if target is None:
        return find_axis(axes, dim.target_name)
    same = [i for i, axis in enumerate(axes) if axis.dim is target]
    fitting = same or [i for i, axis in enumerate(axes) if axis.dim == target]
    if len(fitting) != 1:
        raise UserError.of(
            "bad-target",
            f"the target of this coupled dimension is in the space {len(fitting)} times",
            mend="Give the target's key path as target_name.",
        )
    return fitting[0]


def _dims(value: Any, kind: type[D], path: Path) -> Iterator[tuple[Path, D]]:
    if isinstance(value, kind):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _dims(item, kind, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _dims(item, kind, (*path, i))


def _sortable(path: Path) -> list[tuple[bool, float, str]]:
    return [
        (False, key, "") if isinstance(key, (int, float)) else (True, 0, str(key)) for key in path
    ]


def _names(found: Sequence[tuple[Path, ParamDim | CoupledParamDim]]) -> list[str]:
    """The shortest ends of the paths that tell them apart and do not begin with an index."""
    lengths = [1] * len(found)
    while True:
        names = [
            dim.name or ".".join(map(str, path[-length:]))
            for (path, dim), length in zip(found, lengths, strict=True)
        ]
        counts = Counter(names)
        longer = [
            dim.name is None
            and length < len(path)
            and (counts[name] > 1 or isinstance(path[-length], int))
            for name, (path, dim), length in zip(names, found, lengths, strict=True)
        ]
        if not any(longer):
            return names
        lengths = [length + more for length, more in zip(lengths, longer, strict=True)]
