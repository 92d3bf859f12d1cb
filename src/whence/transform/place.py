"""Where in a configuration one is, for problems that name their place."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from whence.base.problem import Where

if TYPE_CHECKING:
    from whence.base.yaml import Document


class Place(Protocol):
    """A place in a configuration, and the way further down. Immutable."""

    def at(self, *path: str | int) -> Place:
        """The value found further down."""

    def key(self, *path: str | int) -> Place:
        """The key of the value found further down."""

    @property
    def where(self) -> Where:
        """The place, with file and line if there is a file."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a document, or in a mapping that was given directly."""

    document: Document | None = None
    path: tuple[str | int, ...] = ()
    on_key: bool = False

    def at(self, *path: str | int) -> Spot:
        """The value found further down."""
        return Spot(self.document, (*self.path, *path))

    def key(self, *path: str | int) -> Spot:
        """The key of the value found further down."""
        return Spot(self.document, (*self.path, *path), on_key=True)

    @property
    def where(self) -> Where:
        """The place, with file and line if there is a file."""
        if self.document is None:
            return Where(path=self.path)
        find = self.document.where_key if self.on_key and self.path else self.document.where
        return find(*self.path)


def of_step(key: Place, step: Place) -> Where:
    """The place of a word inside a step, called by the path of the step."""
    return dataclasses.replace(key.where, path=step.where.path)
