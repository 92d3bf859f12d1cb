"""`dantro.containers`."""

from whence.tree import (
    MutableMappingContainer,
    MutableSequenceContainer,
    NumpyDataContainer,
    ObjectContainer,
    PassthroughContainer,
    PathContainer,
    StringContainer,
    XrDataContainer,
)

__all__ = [
    "MutableMappingContainer",
    "MutableSequenceContainer",
    "NumpyDataContainer",
    "ObjectContainer",
    "PassthroughContainer",
    "PathContainer",
    "StringContainer",
    "XrDataContainer",
]
