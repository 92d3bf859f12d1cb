"""Where in a configuration one is: for problems that name their place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from whence.base.problem import Problem, Spot, did_you_mean


@dataclass(frozen=True, slots=True)
class Scope(Spot):
    """A place in a configuration, and the problems one may have there."""

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
