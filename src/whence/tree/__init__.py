"""The data tree: a lazy, labelled view of what files hold."""

from whence.tree.array import ArrayContainer, NumpyDataContainer, XrDataContainer
from whence.tree.combine import Axes, axes_of, combine, gather
from whence.tree.container import (
    Container,
    MutableMappingContainer,
    MutableSequenceContainer,
    ObjectContainer,
    PassthroughContainer,
    PathContainer,
    StringContainer,
)
from whence.tree.entry import LoadEntry, Section, entries
from whence.tree.error import (
    ExistingDataError,
    ExistingDataWarning,
    HDF5MapWarning,
    ItemAccessError,
    MissingDataWarning,
    NoMatchWarning,
    RequiredDataMissingError,
)
from whence.tree.group import IndexedDataGroup, OrderedDataGroup
from whence.tree.guess import Guess, guessed
from whence.tree.labelled import LabelledDataGroup, TimeSeriesGroup
from whence.tree.loader import loaders
from whence.tree.manager import DataManager
from whence.tree.node import Node
from whence.tree.show import tree_text
from whence.tree.source import Source, identity, sources
from whence.tree.space import ParamSpaceGroup, ParamSpaceStateGroup

__all__ = [
    "ArrayContainer",
    "Axes",
    "Container",
    "DataManager",
    "ExistingDataError",
    "ExistingDataWarning",
    "Guess",
    "HDF5MapWarning",
    "IndexedDataGroup",
    "ItemAccessError",
    "LabelledDataGroup",
    "LoadEntry",
    "MissingDataWarning",
    "MutableMappingContainer",
    "MutableSequenceContainer",
    "NoMatchWarning",
    "Node",
    "NumpyDataContainer",
    "ObjectContainer",
    "OrderedDataGroup",
    "ParamSpaceGroup",
    "ParamSpaceStateGroup",
    "PassthroughContainer",
    "PathContainer",
    "RequiredDataMissingError",
    "Section",
    "Source",
    "StringContainer",
    "TimeSeriesGroup",
    "XrDataContainer",
    "axes_of",
    "combine",
    "entries",
    "gather",
    "guessed",
    "identity",
    "loaders",
    "sources",
    "tree_text",
]
