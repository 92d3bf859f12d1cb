"""A function of the user's, asked about the records of one question."""

from __future__ import annotations

import inspect
import logging
from dataclasses import dataclass, field

from whence.records.condition import Test
from whence.records.record import Record

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Trial:
    """How a function of the user's does, from one record to the next.

    Attributes
    ----------
    test : Test
        The function, and what its errors mean.
    asked : int
        Of how many records it was asked.
    failed : int
        For how many of them it raised something that means no though nobody said so.
    last : Exception or None
        What it raised last of that.
    """

    test: Test
    asked: int = 0
    failed: int = 0
    last: Exception | None = field(default=None, repr=False)

    def __call__(self, record: Record) -> bool:
        """Whether the record is kept."""
        self.asked += 1
        answer, error = self.test.answer(record)
        if error is not None:
            self.failed, self.last = self.failed + 1, error.with_traceback(None)
        return answer

    def tell(self) -> None:
        """Warn if it answered for no record, as when an attribute in it is mistyped."""
        if self.last is None or self.failed < self.asked:
            return
        told = " ".join(f"{type(self.last).__name__}: {self.last}".split())
        _log.warning(
            "the filter %s raised for every record that it was asked about (%d), which keeps none: "
            "%s. Say errors={%s: False} if that is meant, or 'raise' to have it raised",
            _place(self.test), self.asked, told, type(self.last).__name__,
        )  # fmt: skip


def _place(test: Test) -> str:
    """The name of a function, with its file and line if it is one of Python's."""
    function = inspect.unwrap(test.function)
    name = getattr(function, "__name__", type(function).__name__)
    code = getattr(function, "__code__", None)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else str(name)
