"""Where in a configuration one is: for problems that name their place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from whence.base.problem import Problem, Where, did_you_mean

if TYPE_CHECKING:
    from whence.base.yaml import Document


@dataclass(frozen=True, slots=True)
class Scope:
    """A place in a configuration, whether it was read from a file or given as a mapping."""

    document: Document | None = None
    path: tuple[str | int, ...] = ()
    on_key: bool = False

    def at(self, *path: str | int) -> Scope:
        """The value found further down."""
        return Scope(self.document, (*self.path, *path))

    def key(self, *path: str | int) -> Scope:
        """The key of the value found further down."""
        return Scope(self.document, (*self.path, *path), on_key=True)

    @property
    def where(self) -> Where:
        """The place, with file and line if there is a file."""
        if self.document is None:
            return Where(path=self.path)
        find = self.document.where_key if self.on_key and self.path else self.document.where
        return find(*self.path)

    def problem(self, code: str, message: str, mend: str | None = None) -> Problem:
        """A problem at this place."""
        return Problem(code, message, self.where, mend)

    def unknown(self, kind: str, name: str, known: Iterable[str]) -> Problem:
        """The problem of a name that is not known, with the near ones."""
        known = sorted(known)
        mend = did_you_mean(name, known) or f"Known are: {', '.join(known)}."
        return self.problem(f"unknown-{kind.replace(' ', '-')}", f"unknown {kind} {name!r}", mend)

    def not_yet(self, what: str, mend: str | None = None) -> Problem:
        """The problem of something that whence does not do yet."""
        return self.problem("not-accepted-yet", f"{what} is not accepted yet", mend)
