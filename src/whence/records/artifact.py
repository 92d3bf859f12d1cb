"""What a run took in or put out: a name, a category, a media type and a digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Category = Literal["code", "input", "output"]


@dataclass(frozen=True, slots=True)
class Artifact:
    """Content attached to a run.

    Attributes
    ----------
    name : str
        Unique within the run and category by convention, like ``data.h5``.
    category : {"code", "input", "output"}
    type : str
        The media type.
    digest : str
        SHA-256 of the content.
    size : int
        Bytes.
    kept : {"object", "pack", "reference"}
        How the store holds the content; a reference is not held, only known.
    path : str or None
        Where the file lay: ``./…`` in the run's own folder, else from the project or absolute.
    meta : mapping
        What else is known about it.
    """

    name: str
    category: Category
    type: str
    digest: str
    size: int
    kept: str = "object"
    path: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, fact: Mapping[str, Any]) -> Artifact:
        """The artifact that a journal line tells of."""
        known = {key: fact[key] for key in cls.__slots__ if fact.get(key) is not None}
        return cls(**{"type": "application/octet-stream", "size": 0, **known})

    def as_dict(self) -> dict[str, Any]:
        """The artifact as plain data, as journals and JSON answers hold it."""
        found = {key: getattr(self, key) for key in self.__slots__}
        return {**found, "meta": dict(self.meta)}
