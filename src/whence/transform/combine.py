"""Fields of a whole parameter space: selected in every universe, transformed there, combined."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from whence.base.digest import digest_value
from whence.base.error import UserError
from whence.base.problem import Problem
from whence.transform.graph import Step
from whence.transform.node import MISSING, UNCACHED, Node, Rule
from whence.transform.operation import Operation
from whence.transform.place import Place
from whence.transform.step import FAILURES, StepSpec
from whence.transform.treeread import key_at, segments, tree_node, value_at

if TYPE_CHECKING:
    from whence.transform.parse import Builder
    from whence.tree.combine import Axes

_SECTION_KEYS = (
    "fields", "subspace", "combination_method", "base_path", "allow_missing_or_failing",
    "transform_after_combine",
)  # fmt: skip
_FIELD_KEYS = (
    "path", "transform", "subspace", "combination_method", "combination_kwargs",
    "allow_missing_or_failing", "transform_after_combine", "salt",
)  # fmt: skip
_NOT_YET = ("with_previous_result",)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Field:
    """What one field is combined from.

    Attributes
    ----------
    name : str
        The tag of the combined data.
    path : tuple
        The path inside each universe.
    steps : sequence
        The steps done in each universe: as read, as written, and where.
    after : (sequence, Place)
        The steps done with the combined data, as written.
    axes : Axes
        The dimensions of the (sub)space and the place of each universe in it.
    allow : bool or str
        Whether universes may lack the data or fail, and how that is told.
    salt : object
        Part of the identity.
    place : Place
        Where the field stands.
    """

    name: str
    path: tuple[Any, ...]
    steps: Sequence[tuple[StepSpec | None, Any, Place]]
    after: tuple[Sequence[Any], Place]
    axes: Axes
    allow: bool | str
    salt: Any
    place: Place


def combine_fields(builder: Builder, section: Any, place: Place) -> None:
    """Add the nodes of a section ``select_and_combine``, each field tagged with its name."""
    group = builder.sections.group or builder.sections.base
    if not hasattr(group, "space"):
        builder.note("no-parameter-space", "there is no group of a parameter space to select from",
                     place.where, "Set `psgrp_path` to its path.")  # fmt: skip
        return
    if not isinstance(section, Mapping) or not isinstance(section.get("fields"), Mapping):
        builder.note("bad-value", "this section needs 'fields', a mapping from tags", place.where,
                     "Write it like `fields: {energy: data/energy}`.")  # fmt: skip
        return
    builder.check_keys(section, _SECTION_KEYS, place)
    for name, raw in section["fields"].items():
        at = place.at("fields", name)
        field = _field(builder, group, (name, raw, at), (section, place))
        node = None if field is None else _combined(builder, group, field)
        if node is None:
            builder.broken(str(name))
        else:
            builder.tag(name, node, at.where)


def _field(
    builder: Builder, group: Any, entry: tuple[Any, Any, Place], section: tuple[Any, Place]
) -> Field | None:
    name, raw, at = entry
    common, common_at = section
    own: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {"path": raw}
    before = len(builder.problems)
    for key in _NOT_YET:
        if own.get(key):
            builder.note("not-accepted-yet", f"{key!r} is not accepted here yet", at.key(key).where)
    builder.check_keys(own, (*_FIELD_KEYS, *_NOT_YET), at)

    def setting(key: str, default: Any = None) -> tuple[Any, Place]:
        if own.get(key) is not None:
            return own[key], at.at(key)
        return (default if common.get(key) is None else common[key]), common_at.at(key)

    if not isinstance(name, str) or not name:
        builder.note("bad-tag", f"{name!r} cannot be a tag", at.where)
    path = own.get("path")
    if not isinstance(path, str | list) or not path:
        builder.note("no-path", "a field needs the path of what to select", at.where,
                     "Write it like `energy: data/energy`.")  # fmt: skip
    after, after_at = setting("transform_after_combine", [])
    steps = own.get("transform") or []
    for value, where in ((steps, at.at("transform")), (after, after_at)):
        if not isinstance(value, list):
            builder.note("bad-value", "this is not a list of steps", where.where)
    at_step = at.at("transform").at
    specs = [
        (builder.reader.read(step, at_step(i)), step, at_step(i))
        for i, step in enumerate(steps if isinstance(steps, list) else [])
    ]
    allow = _allowed(builder, setting("allow_missing_or_failing", False))
    allow = _method(builder, setting("combination_method", "auto"), own, at) or allow
    axes = _axes(builder, group, setting("subspace"))
    if len(builder.problems) > before or axes is None:
        return None
    whole = (*segments(common.get("base_path") or ""), *segments(path))
    return Field(name, whole, specs, (after, after_at), axes, allow, own.get("salt"), at)


def _allowed(builder: Builder, setting: tuple[Any, Place]) -> bool | str:
    value, at = setting
    if value not in FAILURES:
        builder.note("bad-value", f"'allow_missing_or_failing' is {value!r}", at.where,
                     "It can be true, false, log, warn or silent.")  # fmt: skip
        return False
    return value  # type: ignore[no-any-return]


def _method(
    builder: Builder, setting: tuple[Any, Place], own: Mapping[str, Any], at: Place
) -> bool | str:
    """Whether the combination method fills what is missing with NaN."""
    method, method_at = setting
    if method not in ("auto", "concat", "merge"):
        builder.note("not-accepted-yet", f"the combination method {method!r} is not accepted yet",
                     method_at.where, "It can be concat or merge; either keeps the dtype, merge "
                     "fills what is missing with NaN.")  # fmt: skip
    options = own.get("combination_kwargs") or {}
    if set(options) - {"file_cache"}:
        builder.note("not-accepted-yet", "'combination_kwargs' is accepted only for 'file_cache'",
                     at.key("combination_kwargs").where)  # fmt: skip
    return "silent" if method == "merge" else False


def _axes(builder: Builder, group: Any, setting: tuple[Any, Place]) -> Axes | None:
    from whence.tree.combine import axes_of

    subspace, at = setting
    if subspace is not None and not isinstance(subspace, Mapping):
        builder.note("bad-value", "'subspace' is not a mapping from dimensions", at.where)
        return None
    try:
        return axes_of(group.space(), subspace)
    except UserError as error:
        builder.add_problems(error, at.where)
        return None


def _combined(builder: Builder, group: Any, field: Field) -> Node | None:
    present = dict(_present(builder, group, field))
    if not present:
        if not builder.problems:
            path = "/".join(map(str, field.path))
            builder.note("no-data", f"no universe has data at {path!r}", field.place.where)
        return None
    if field.steps:
        node = _transformed(builder, group, field, present)
    else:
        node = _gathered(builder, group, field, present)
    steps, place = field.after
    return builder.add_steps(steps, place, node) if steps else node


def _present(builder: Builder, group: Any, field: Field) -> Iterator[tuple[int, Any]]:
    """The state numbers of the universes that have the data, with the tree's node."""
    problems: list[Problem] = []
    for state in field.axes.positions:
        try:
            yield state, tree_node(group, [state, *field.path])
        except UserError as error:
            where = field.place.where
            problems += [dataclasses.replace(p, where=p.where or where) for p in error.problems]
    if problems and not field.allow:
        builder.problems.extend(problems[:_SHOWN])
        if len(problems) > _SHOWN:
            more = f"... and {len(problems) - _SHOWN} more universes have no such data"
            builder.note("more", more, field.place.where, "Set `allow_missing_or_failing: true` "
                         "to fill with NaN, or select a part of the space.")  # fmt: skip


def _gathered(
    builder: Builder, group: Any, field: Field, present: Mapping[int, tuple[Any, list[Any]]]
) -> Node:
    """One node that reads all universes straight into one array."""
    from whence.tree import sources
    from whence.tree.combine import combine

    axes, missing = field.axes, bool(field.allow)
    digest_of = builder.graph.digest_of
    parts = [
        [list(axes.positions[state]), key_at(*found, digest_of)] for state, found in present.items()
    ]
    coords = [[name, list(labels)] for name, labels in axes.coords.items()]
    path = [str(part) for part in field.path]
    key = digest_value([_COMBINE.digest, "gather", path, coords, parts, missing, field.salt])
    whole = all(not rest for _, rest in present.values())

    def load() -> Any:
        values = {
            state: holder if whole else value_at(holder, rest)
            for state, (holder, rest) in present.items()
        }
        return combine(axes, values, missing=missing, name=str(field.path[-1]))

    files = [source for holder, _ in present.values() for source in sources(holder)]
    label = f"gathering {'/'.join(path)}"
    return builder.graph.read(load, key, files, name=label, step=Step(where=field.place.where))


def _transformed(
    builder: Builder, group: Any, field: Field, present: Mapping[int, tuple[Any, list[Any]]]
) -> Node | None:
    """A chain of nodes per universe, and one that combines their results."""
    before = len(builder.problems)
    rule = Rule(salt=field.salt, allow_failure=field.allow, fallback=MISSING)
    nodes: list[Any] = []
    for state in field.axes.positions:
        if state not in present:
            nodes.append(MISSING)
            continue
        leaf = builder.from_tree(
            group, [state, *field.path], where=field.place.where, step=Step(rule=UNCACHED)
        )
        nodes.append(
            builder.add_specs(field.steps, leaf, rule=rule if field.allow else None, tagged=False)
        )
    if len(builder.problems) > before:
        return None
    axes = field.axes
    kwargs = {
        "states": list(axes.positions),
        "positions": [list(position) for position in axes.positions.values()],
        "coords": [[name, list(labels)] for name, labels in axes.coords.items()],
        "missing": bool(field.allow),
        "name": str(field.path[-1]),
    }
    step = Step(rule=Rule(salt=field.salt), where=field.place.where)
    try:
        return builder.graph.add(_COMBINE, [nodes], kwargs, step=step)
    except UserError as error:
        builder.add_problems(error, field.place.where)
        return None


def _combine(
    values: Sequence[Any],
    *,
    states: Sequence[int],
    positions: Sequence[Sequence[int]],
    coords: Sequence[tuple[str, Sequence[Any]]],
    **options: Any,
) -> Any:
    """The universes' results as one array, put straight into their places."""
    from whence.tree.combine import Axes, combine

    axes = Axes(
        {name: list(labels) for name, labels in coords},
        {state: tuple(place) for state, place in zip(states, positions, strict=True)},
    )
    there = {s: value for s, value in zip(states, values, strict=True) if value is not MISSING}
    if not there:
        raise UserError.of("no-data", "not one universe has a result to combine")
    named = {getattr(value, "name", None) for value in there.values()}
    if len(named) == 1 and None not in named:
        options["name"] = named.pop()
    return combine(axes, there, **options)


_COMBINE = Operation("select_and_combine", lambda: _combine, ("whence", "numpy", "xarray"))
