"""Creators: how many figures a plot makes, of what part of the data tree, and where they go."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from whence.base.error import UserError
from whence.base.problem import Problem, did_you_mean
from whence.plot.spec import PlotSpec, State


@dataclass(frozen=True, slots=True)
class Task:
    """One figure to be drawn.

    Attributes
    ----------
    spec : PlotSpec
        The plot it is of.
    stem : str
        Its file without the extension, relative to the output folder.
    dm : DataManager
        The data tree.
    base : object
        The part of the data tree that ``select`` starts from.
    group : object or None
        The group of all universes, for ``select_and_combine``.
    caption : str
        What tells it from its siblings.
    """

    spec: PlotSpec
    stem: str
    dm: Any
    base: Any
    group: Any = None
    caption: str = ""

    @property
    def universe(self) -> Any:
        """The universe that it is of, or None."""
        return None if self.base is self.dm else self.base


@dataclass(frozen=True, slots=True)
class Creator:
    """A way to make figures of a plot.

    Attributes
    ----------
    plan : callable
        ``plan(spec, dm)`` gives the tasks.
    keys : tuple of str
        The keys of plot configurations that are for it alone.
    """

    plan: Callable[[PlotSpec, Any], Sequence[Task]]
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Universe:
    """One member of the group of universes, and its point in the parameter space."""

    state: State
    group: Any


def _plan_single(spec: PlotSpec, dm: Any) -> Sequence[Task]:
    return (_only(spec, dm),)


def _only(spec: PlotSpec, dm: Any, group: Any = None) -> Task:
    """The figure of a spec that makes one, though it may be one of a series."""
    if spec.state is None:
        return Task(spec, spec.name, dm, dm, group)
    stem = f"{spec.name}/{spec.state.stem}"
    return Task(spec, stem, dm, dm, group, spec.state.caption)


def _plan_multiverse(spec: PlotSpec, dm: Any) -> Sequence[Task]:
    group = universe_group(spec, dm)
    expected = spec.get("expected_multiverse_ndim")
    if expected is not None:
        dims = len(getattr(group.pspace, "dims", ()))
        if dims not in (expected if isinstance(expected, (list, tuple)) else [expected]):
            return ()
    return (_only(spec, dm, group),)


def _plan_universes(spec: PlotSpec, dm: Any) -> Sequence[Task]:
    if spec.state is not None:
        raise UserError(spec.scope.not_yet("a parameter space over universe plots"))
    group = universe_group(spec, dm)
    chosen, settled = _chosen(spec, _universes(group))
    # A random choice is written down as what was chosen, so that it can be drawn again.
    spec = replace(spec, configuration={**spec.configuration, "universes": settled})
    return tuple(
        Task(spec, f"{spec.name}/{one.state.stem}", dm, one.group, group, one.state.caption)
        for one in chosen
    )


_WORDS = ("all", "first", "single", "any", "last", "random")
PYPLOT = Creator(_plan_single)
UNIVERSE = Creator(_plan_universes, ("universes",))
MULTIVERSE = Creator(_plan_multiverse, ("select_and_combine", "expected_multiverse_ndim"))
CREATORS: Mapping[str, Creator] = {
    "pyplot": PYPLOT,
    "external": PYPLOT,
    "universe": UNIVERSE,
    "multiverse": MULTIVERSE,
}


def universe_group(spec: PlotSpec, dm: Any) -> Any:
    """The group that ``psgrp_path`` names.

    Raises
    ------
    UserError
        If there is none, or it is no group of universes.
    """
    path = spec.get("psgrp_path")
    if not path:
        raise UserError(
            spec.scope.problem(
                "missing-key",
                f"the creator {spec.creator!r} does not know where the universes are",
                "Set `creator_init_kwargs: {" + spec.creator + ": {psgrp_path: simulations}}`.",
            )
        )
    try:
        group = dm[path]
    except LookupError:
        names = list(dm.keys())
        raise UserError(
            spec.scope.problem(
                "missing-group",
                f"the data has no group {path!r} (psgrp_path of the creator {spec.creator!r})",
                did_you_mean(str(path), names) or f"It has: {', '.join(names) or 'nothing'}.",
            )
        ) from None
    if not hasattr(group, "pspace"):
        raise UserError(
            spec.scope.problem(
                "not-a-parameter-space",
                f"{path!r} is a {type(group).__name__}, not a ParamSpaceGroup",
                "Create it with `create_groups: [{path: …, Cls: ParamSpaceGroup}]`.",
            )
        )
    return group


def _universes(group: Any) -> list[Universe]:
    known: dict[int, Mapping[str, Any]] = {}
    if group.pspace is not None:
        known = {point.state_no: point.coords for point in group.pspace.points()}
    return [
        Universe(State(name, known.get(int(name), {}) if name.isdecimal() else {}), member)
        for name, member in group.items()
    ]


def _chosen(spec: PlotSpec, universes: list[Universe]) -> tuple[Sequence[Universe], Any]:
    """The universes that ``universes`` selects, and the selector as it is saved."""
    selector = spec.get("universes")
    if not universes:
        raise _refused(spec, "no-universes", "there are no universes to draw")
    if selector in _WORDS:
        if selector == "all":
            return universes, "all"
        if selector == "random":
            one = random.choice(universes)
            return [one], [one.state.name]
        return [universes[-1 if selector == "last" else 0]], selector
    if isinstance(selector, Mapping):
        return _matching(spec, universes, selector), dict(selector)
    if isinstance(selector, (list, tuple)):
        return _listed(spec, universes, selector), list(selector)
    if selector is None:
        message = f"the plot {spec.name!r} does not say which `universes`"
        raise _refused(spec, "missing-key", message, "Add `universes: all`.")
    near = did_you_mean(str(selector), _WORDS)
    mend = near or f"Use {', '.join(_WORDS)}, a list of ids, or {{dimension: value}}."
    raise _refused(spec, "bad-value", f"`universes: {selector}` selects nothing", mend)


def _listed(
    spec: PlotSpec, universes: Iterable[Universe], ids: Sequence[Any]
) -> Sequence[Universe]:
    known = {one.state.name: one for one in universes}
    numbers = {int(name): one for name, one in known.items() if name.isdecimal()}
    chosen = [known.get(str(id_)) or numbers.get(id_) for id_ in ids]
    missing = [str(id_) for id_, one in zip(ids, chosen, strict=True) if one is None]
    if missing:
        raise _refused(spec, "unknown-universe", f"there is no universe {', '.join(missing)}",
                       f"There are: {_shown(known)}.")  # fmt: skip
    return [one for one in chosen if one is not None]


def _matching(
    spec: PlotSpec, universes: Sequence[Universe], selector: Mapping[str, Any]
) -> Sequence[Universe]:
    dims = list(dict.fromkeys(dim for one in universes for dim in one.state.coords))
    if not dims:
        message = "it is not known which values the universes belong to"
        raise _refused(spec, "no-parameter-space", message, "Choose them by their ids, or `all`.")
    problems = [
        problem
        for dim, wanted in selector.items()
        for problem in _wrong(spec, universes, dim, wanted)
    ]
    if problems:
        raise UserError(*problems)
    chosen = [
        one
        for one in universes
        if all(_matches(one.state.coords.get(dim), wanted) for dim, wanted in selector.items())
    ]
    if not chosen:
        both = " and ".join(f"{dim} = {wanted}" for dim, wanted in selector.items())
        raise _refused(
            spec,
            "no-universes",
            f"there is no universe with {both}",
            "There is each of these values, but not together; were all points run?",
        )
    return chosen


def _wrong(
    spec: PlotSpec, universes: Sequence[Universe], dim: str, wanted: Any
) -> Iterator[Problem]:
    """What is wrong with the values of a dimension that universes are chosen by."""
    scope = spec.scope.at("universes")
    if not any(dim in one.state.coords for one in universes):
        dims = dict.fromkeys(dim for one in universes for dim in one.state.coords)
        mend = did_you_mean(dim, dims) or f"It has: {', '.join(dims)}."
        message = f"the parameter space has no dimension {dim!r}"
        yield scope.key(dim).problem("unknown-dimension", message, mend)
        return
    if isinstance(wanted, Mapping):
        yield scope.at(dim).not_yet("a selector with loc or idx")
        return
    known: list[Any] = []
    for one in universes:
        if dim in one.state.coords and one.state.coords[dim] not in known:
            known.append(one.state.coords[dim])
    several = isinstance(wanted, (list, tuple))
    for number, value in enumerate(wanted if several else [wanted]):
        if not any(_matches(each, value) for each in known):
            yield scope.at(dim, *([number] if several else [])).problem(
                "no-universes",
                f"there is no universe with {dim} = {value!r}",
                f"There are {dim} = {_shown(map(repr, known))}.",
            )


def _matches(value: Any, wanted: Any) -> bool:
    values = wanted if isinstance(wanted, (list, tuple)) else [wanted]
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return any(
        math.isclose(value, one, rel_tol=1e-9, abs_tol=1e-12)
        if number and isinstance(one, (int, float))
        else value == one
        for one in values
    )


def _shown(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:12]) + (f", … ({len(listed)} in all)" if len(listed) > 12 else "")


def _refused(spec: PlotSpec, code: str, message: str, mend: str | None = None) -> UserError:
    return UserError(spec.scope.at("universes").problem(code, message, mend))
