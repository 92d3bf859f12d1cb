"""Carrying out what a plan says: nodes that know where their content lies."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whence.base.digest import Seen
from whence.base.error import UserError
from whence.base.problem import Problem
from whence.formats.hdf5 import Hdf5Dataset, Hdf5File, Hdf5Group
from whence.tree.array import ArrayContainer, NumpyDataContainer
from whence.tree.container import Container
from whence.tree.error import (
    ExistingDataError,
    ExistingDataWarning,
    HDF5MapWarning,
    ItemAccessError,
)
from whence.tree.group import OrderedDataGroup
from whence.tree.labelled import TimeSeriesGroup
from whence.tree.loader import loaders
from whence.tree.node import Node
from whence.tree.plan import Load
from whence.tree.source import Source

HDF5_MAP: Mapping[str, Any] = {"time_series": TimeSeriesGroup}


@dataclass(frozen=True, slots=True)
class Mapped:
    """Which classes the objects of HDF5 files become, by the value of an attribute."""

    groups: Mapping[str, Any] = field(default_factory=dict)
    datasets: Mapping[str, Any] = field(default_factory=dict)
    attribute: str | None = None


def carry_out(
    root: OrderedDataGroup,
    loads: Sequence[Load],
    mapped: Mapped,
    exists_action: str,
    progress: Callable[[int, int, str], None] | None = None,
) -> None:
    """Put a node for each planned file into the tree.

    Raises
    ------
    UserError
        If a place is taken (nothing is loaded then), or a file cannot be opened.
    """
    taken = [_taken(root, load) for load in loads if _action(load, exists_action) == "raise"]
    problems = [problem for problem in taken if problem is not None]
    if problems:
        raise ExistingDataError(*problems)
    nodes = _nodes(loads, mapped)
    for done, (load, node) in enumerate(zip(loads, nodes, strict=True), 1):
        action = _action(load, exists_action)
        if load.entry.load_as_attr:
            _attach(root, load, node, action)
        elif _may(load.target in root, load, action):
            root.place(load.target, node, overwrite=action.startswith("overwrite"))
        if progress is not None:
            progress(done, len(loads), load.target)


def _nodes(loads: Sequence[Load], mapped: Mapped) -> list[Node]:
    """The nodes of all files; they are in no group yet."""
    nodes: list[Node] = []
    problems: list[Problem] = []
    for load in loads:
        try:
            node = _node(load, mapped)
            if load.entry.unpack_data:
                _ = node.data
            nodes.append(node)
        except UserError as error:
            problems.extend(error.problems)
    if problems:
        raise UserError(*problems)
    return nodes


def _action(load: Load, default: str) -> str:
    return load.entry.exists_action or default


def _taken(root: OrderedDataGroup, load: Load) -> Problem | None:
    if load.target not in root:
        return None
    if load.entry.load_as_attr:
        if load.entry.name not in root[load.target].attrs:
            return None
        what = f"{load.target!r} already has an attribute {load.entry.name!r}"
    else:
        what = f"there is already data at {load.target!r}"
    return Problem(
        "existing-data",
        f"entry {load.entry.name!r}: {what}",
        load.entry.where(),
        "Choose another target path, or set `exists_action`.",
    )


def _may(taken: bool, load: Load, action: str) -> bool:
    """Whether to go on where there may be something already."""
    if taken and action in ("skip", "overwrite"):
        did = "left as it is" if action == "skip" else "replaced"
        warnings.warn(
            f"entry {load.entry.name!r}: what is at {load.target!r} is {did}",
            ExistingDataWarning,
            stacklevel=5,
        )
    return not (taken and action.startswith("skip"))


def _attach(root: OrderedDataGroup, load: Load, node: Node, action: str) -> None:
    try:
        owner = root[load.target]
    except ItemAccessError as error:
        raise UserError(
            Problem(
                "no-target",
                f"entry {load.entry.name!r}: there is nothing at {load.target!r} to give the "
                "attribute to",
                load.entry.where("target_path"),
                "Make the group with `create_groups`, or load it before.",
            )
        ) from error
    if _may(load.entry.name in owner.attrs, load, action):
        owner.attrs[load.entry.name] = node.data if load.entry.unpack_data else node
        if node.source is not None:
            owner.attr_sources = {**owner.attr_sources, load.entry.name: node.source}


def _node(load: Load, mapped: Mapped) -> Node:
    name = load.target.rpartition("/")[2]
    loader = loaders()[load.entry.loader]
    options = {k: v for k, v in load.entry.options.items() if v is not None}
    if loader.container is None:
        return _Hdf5Tree(load.file, mapped, options).root(name)
    source = Source(load.file, reader=loader.name, options=options)
    cls: type[Container] = loader.container
    return cls(name=name, attrs={"filepath": str(load.file)}, source=source)


class _Hdf5Tree:
    """Makes the nodes of one HDF5 file; each group is listed when first asked for."""

    def __init__(self, path: Path, mapped: Mapped, options: Mapping[str, Any]) -> None:
        self.path = path
        self.seen = Seen.of(path)
        self.file = Hdf5File(str(path))
        self.lower = bool(options.get("lower_case_keys"))
        enabled = options.get("enable_mapping", False)
        self.attribute = options.get("map_from_attr", mapped.attribute) if enabled else None
        self.mapped = mapped
        self.options = {"mapped": self.attribute, "lower": self.lower}

    def source(self, inner: str) -> Source:
        return Source(self.path, inner, "hdf5", self.options)

    def root(self, name: str) -> OrderedDataGroup:
        return self.group(name, self.file.root(), OrderedDataGroup)

    def group(self, name: str, content: Hdf5Group, cls: type[OrderedDataGroup]) -> OrderedDataGroup:
        group = cls(name=name, attrs=content.attrs, source=self.source(content.inner))
        group.seen = self.seen
        group.fill_from(functools.partial(self.members, group, content), self.file.opened)
        return group

    def members(self, group: OrderedDataGroup, content: Hdf5Group) -> dict[str, Node]:
        made: dict[str, Node] = {}
        for key, item in content.members().items():
            name = key.lower() if self.lower else key
            if name in made:
                raise ExistingDataError.of(
                    "existing-data",
                    f"{self.path}: two members of {content.inner or '/'!r} are named {name!r}",
                    mend="Load the file without `lower_case_keys`.",
                )
            if isinstance(item, Hdf5Group):
                cls = self.class_of(item.attrs, self.mapped.groups, OrderedDataGroup)
                made[name] = self.group(name, item, cls)
            else:
                made[name] = self.container(name, item, group)
        return made

    def container(self, name: str, item: Hdf5Dataset, group: OrderedDataGroup) -> Container:
        default = group._NEW_CONTAINER_CLS or NumpyDataContainer
        cls = self.class_of(item.attrs, self.mapped.datasets, default)
        source = self.source(item.inner)
        lazy = issubclass(cls, ArrayContainer)
        made: Container = cls(
            name=name, data=item if lazy else item.read(), attrs=item.attrs, source=source
        )
        made.seen = self.seen
        return made

    def class_of(self, attrs: Mapping[str, Any], known: Mapping[str, Any], default: Any) -> Any:
        value = attrs.get(self.attribute) if self.attribute else None
        if value is None:
            return default
        key = str(value)
        if key not in known:
            warnings.warn(
                f"{self.path}: no class is mapped to {self.attribute}={key!r}; "
                f"{default.__name__} is used",
                HDF5MapWarning,
                stacklevel=2,
            )
            return default
        cls = known[key]
        return _named(cls) if isinstance(cls, str) else cls


def _named(name: str) -> Any:
    from whence.tree.registry import containers, groups

    return groups()[name] if name in groups() else containers().find(name)
