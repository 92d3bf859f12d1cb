"""Where in a configuration one is, for problems that name their place."""

from __future__ import annotations

import dataclasses
from typing import Protocol

from whence.base.problem import Spot, Where

__all__ = ["Place", "Spot", "of_step"]


class Place(Protocol):
    """A place in a configuration, and the way further down. Immutable."""

    def at(self, *path: str | int) -> Place:
        """The value found further down."""

    def key(self, *path: str | int) -> Place:
        """The key of the value found further down."""

    @property
    def where(self) -> Where:
        """The place, with file and line if there is a file."""


def of_step(key: Place, step: Place) -> Where:
    """The place of a word inside a step, called by the path of the step."""
    return dataclasses.replace(key.where, path=step.where.path)
