"""The exceptions of whence: each carries problems, and says who can mend them."""

from __future__ import annotations

from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Self

from whence.base.problem import Problem, Where


class WhenceError(Exception):
    """Something could not be done; `problems` says what, where and how to mend it.

    Parameters
    ----------
    *problems : Problem
        At least one; a reader collects all problems of a file and raises once.
    """

    exit_code = 1

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    @classmethod
    def of(
        cls, code: str, message: str, *, where: Where | None = None, mend: str | None = None
    ) -> Self:
        """An error of one problem."""
        return cls(Problem(code, message, where, mend))

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the reader's own lines that led here, and what is wrong."""
        import traceback  # which every command would wait for

        told = traceback.StackSummary.extract(_own(self.__traceback__))
        places = [
            f"{'this notebook' if '/ipykernel_' in one.filename else one.filename}, "
            f"line {one.lineno}{'' if one.name.startswith('<') else f', in {one.name}'}\n"
            f"    {one.line or ''}\n"
            for one in told
        ]
        return [*places, f"{type(self).__name__}: {self}"]


def _own(tb: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    """The frames of a traceback that are neither of whence, nor of what runs cells for it."""
    import sysconfig
    from traceback import walk_tb

    installed = tuple(sysconfig.get_paths().values())
    inside = False
    for frame, line in walk_tb(tb):
        package = str(frame.f_globals.get("__name__")).partition(".")[0]
        inside = inside or package == "whence"
        foreign = inside and frame.f_code.co_filename.startswith(installed)
        if package not in ("whence", "IPython", "ipykernel") and not foreign:
            yield frame, line


class UserError(WhenceError):
    """The user asked for something that cannot be: a wrong name, value, file or option."""

    exit_code = 2


class StoreError(WhenceError):
    """The store could not be read or written; what was acknowledged before still stands."""


class MissingExtraError(WhenceError):
    """An optional part is not installed."""

    @classmethod
    def needed(cls, package: str, extra: str, purpose: str) -> Self:
        """The error that says what `package` was needed for and what installs it."""
        return cls.of(
            "missing-extra",
            f"{purpose} needs the package {package!r}, which is not installed",
            mend=f"Install it with: pip install 'whence[{extra}]'",
        )
