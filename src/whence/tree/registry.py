"""The classes of groups and containers that configurations name."""

from __future__ import annotations

import functools

from whence.base.registry import Registry
from whence.tree.array import NumpyDataContainer, XrDataContainer
from whence.tree.container import (
    Container,
    MutableMappingContainer,
    MutableSequenceContainer,
    ObjectContainer,
    PassthroughContainer,
    PathContainer,
    StringContainer,
)
from whence.tree.group import IndexedDataGroup, OrderedDataGroup
from whence.tree.labelled import LabelledDataGroup, TimeSeriesGroup
from whence.tree.space import ParamSpaceGroup, ParamSpaceStateGroup


@functools.cache
def groups() -> Registry[type[OrderedDataGroup]]:
    """The known group classes, by name."""
    known: Registry[type[OrderedDataGroup]] = Registry("group class")
    for cls in (
        OrderedDataGroup,
        IndexedDataGroup,
        LabelledDataGroup,
        TimeSeriesGroup,
        ParamSpaceGroup,
        ParamSpaceStateGroup,
    ):
        known.add(cls.__name__, cls)
    return known


@functools.cache
def containers() -> Registry[type[Container]]:
    """The known container classes, by name."""
    known: Registry[type[Container]] = Registry("container class")
    for cls in (
        ObjectContainer,
        PassthroughContainer,
        MutableMappingContainer,
        MutableSequenceContainer,
        StringContainer,
        PathContainer,
        NumpyDataContainer,
        XrDataContainer,
    ):
        known.add(cls.__name__, cls)
    return known
