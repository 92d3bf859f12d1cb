"""Progress and metrics that a program tells in lines of its output.

Two forms are known, each in a line of its own on standard output::

    !!map {progress: 0.3}
    whence: {"metric": {"energy": -3.2}, "step": 7}

Known are ``progress`` (0 to 1), ``metric`` or ``metrics`` (name: number), ``step``, ``time``,
``event`` (text) and ``metadata`` (key: value). The lines stay in the output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from whence.base.error import UserError, WhenceError

if TYPE_CHECKING:
    from whence.runs.run import Run

_YAML, _JSON = "!!map", "whence:"
_LONGEST = 64 * 1024
_SHOWN = 300
_WARNED = 3  # so many bad lines are told of, for a program may print a million of them


class Report:
    """Takes the pieces of a program's output: an `Emit`. It raises nothing but errors of the store.

    Parameters
    ----------
    run : Run
        The run that the output belongs to.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._held = ""
        self._within = False
        self._bad = 0
        self._progress: float | None = None
        self._error = _LastLine()

    @property
    def last_error(self) -> str:
        """The last line on standard error that is not empty, shortened."""
        return self._error.text

    def __call__(self, stream: str, text: str) -> None:
        """Record a piece of output, and what the lines in it tell."""
        self._run.log_output(stream, text)
        if stream == "out":
            self._read(text)
        else:
            self._error.take(text)

    def _read(self, text: str) -> None:
        text = text.replace("\r", "\n")
        if self._within:  # the rest of a line that tells nothing
            _, end, text = text.partition("\n")
            self._within = not end
        *lines, self._held = (self._held + text).split("\n")
        for line in lines:
            if line.startswith((_YAML, _JSON)):
                self._take(line)
        if self._held and (not _may_begin(self._held) or len(self._held) > _LONGEST):
            self._held, self._within = "", True
        if self._progress is not None:  # of many in one piece the last counts
            progress, self._progress = self._progress, None
            self._attempt(lambda: self._run.log_progress(progress), "progress")

    def _take(self, line: str) -> None:
        def act() -> None:
            told = _parsed(line)
            progress = told.get("progress")
            if progress is not None:
                if isinstance(progress, bool) or not isinstance(progress, int | float):
                    raise UserError.of("bad-report", f"progress is {progress!r}, no number")
                self._progress = float(progress)
            values = told.get("metrics", told.get("metric"))
            if values is not None:
                self._run.log_metrics(_mapping(values), told.get("step"), told.get("time"))
            if told.get("metadata") is not None:
                self._run.update_metadata(_mapping(told["metadata"]))
            if told.get("event") is not None:
                self._run.log_event(str(told["event"]))

        self._attempt(act, line)

    def _attempt(self, act: Callable[[], None], line: str) -> None:
        try:
            act()
        except UserError as error:
            self._bad += 1
            if self._bad <= _WARNED:
                shown = line if len(line) <= 80 else line[:79] + "…"
                message = f"the line {shown!r} could not be read: {error.problems[0].message}"
                try:
                    self._run.log_event(message, "warning")
                except WhenceError:
                    return


class _LastLine:
    """The last line of a text that is not empty, as the text comes."""

    def __init__(self) -> None:
        self._whole, self._open = "", ""

    def take(self, text: str) -> None:
        *lines, last = (self._open + text).replace("\r", "\n").split("\n")
        self._whole = next((line for line in reversed(lines) if line.strip()), self._whole)
        self._open = last[:_SHOWN]

    @property
    def text(self) -> str:
        line = (self._open if self._open.strip() else self._whole).strip()
        line = "".join(c if c.isprintable() else " " for c in line)
        return line if len(line) < _SHOWN else line[: _SHOWN - 1] + "…"


def _may_begin(text: str) -> bool:
    """Whether the beginning of a line may be one of a line that tells something."""
    return text.startswith((_YAML, _JSON)) or _YAML.startswith(text) or _JSON.startswith(text)


def _parsed(line: str) -> Mapping[str, Any]:
    if line.startswith(_JSON):
        try:
            return _mapping(orjson.loads(line[len(_JSON) :]))
        except orjson.JSONDecodeError as error:
            raise UserError.of("bad-report", f"it is no JSON: {error}") from None
    from whence.base.yaml import parse  # rarely needed, and slow to import

    return _mapping(parse(line[len(_YAML) :]).value)


def _mapping(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return value
    raise UserError.of("bad-report", f"{type(value).__name__} where names and values are expected")
