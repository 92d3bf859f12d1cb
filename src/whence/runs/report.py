"""Progress and metrics that a program tells in lines of its output.

Two forms are known, each in a line of its own on standard output::

    !!map {progress: 0.3}
    whence: {"metric": {"energy": -3.2}, "step": 7}

Known are ``progress`` (0 to 1), ``metric`` or ``metrics`` (name: number), ``step``, ``time``,
``event`` (text) and ``metadata`` (key: value). Lines that were understood are on record as that,
and are neither shown nor kept as output; of others what could be understood is on record too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from whence.base.error import UserError, WhenceError
from whence.base.excerpt import counted, plain, short

if TYPE_CHECKING:
    from whence.runs.gauge import Gauge
    from whence.runs.run import Run

_YAML, _JSON = "!!map", "whence:"
_MARKS = (_YAML.encode(), _JSON.encode())
_LONGEST = 64 * 1024
_SHOWN = 300
_WARNED = 3  # so many bad lines are told of, for a program may print a million of them


class Report:
    """Takes the pieces of a program's output: an `Emit`. It raises nothing but errors of the store.

    Parameters
    ----------
    run : Run
        The run that the output belongs to.
    gauge : Gauge, optional
        Shows the progress on a terminal.
    """

    def __init__(self, run: Run, gauge: Gauge | None = None) -> None:
        self._run = run
        self._gauge = gauge
        self._held = b""
        self._within = False
        self._returned = False
        self._bad = 0
        self._first = ""
        self._progress: float | None = None
        self._error = _LastLine()

    @property
    def last_error(self) -> str:
        """The last line on standard error that is not empty, shortened."""
        return self._error.text

    @property
    def unread(self) -> str:
        """What is to be said of lines that could not be read; empty if there were none."""
        more = self._bad - 1
        return self._first + (
            f"; {counted(more, 'more line')} could not either" if more > 0 else ""
        )

    def __call__(self, stream: str, text: str) -> None:
        """Record a piece of output, and the progress told since the last one."""
        if text:
            self._run.log_output(stream, text)
        if stream == "err":
            self._error.take(text)
        if self._progress is not None:  # of many the last counts
            progress, self._progress = self._progress, None
            self._attempt(lambda: self._run.log_progress(progress), "progress")
            if self._gauge is not None:
                self._gauge.show(progress)

    def sieve(self, stream: str, data: bytes, final: bool = False) -> bytes:
        """What is left of a piece of output once the lines that tell something are taken.

        The beginning of such a line is held back until the rest has come, or the end.
        """
        left = self._left(data, final) if stream == "out" else data
        if self._gauge is not None and (left or final):
            self._gauge.make_way(left)
        return left

    def _left(self, data: bytes, final: bool) -> bytes:
        if self._returned and data:  # the second half of the "\r\n" of a line that was taken
            data, self._returned = data.removeprefix(b"\n"), False
        left = bytearray()
        pieces, self._held = (self._held + data).splitlines(keepends=True), b""
        for piece in pieces:
            ended = piece.endswith((b"\n", b"\r"))
            if not self._within and _may_begin(piece):
                if not (ended or final) and len(piece) <= _LONGEST:
                    self._held = piece
                    continue
                if (ended or final) and self._take(piece.decode(errors="replace").rstrip("\r\n")):
                    self._returned = piece.endswith(b"\r")
                    continue
            left += piece
            self._within = not ended
        return bytes(left)

    def _take(self, line: str) -> bool:
        """Do what a line tells; whether it could be done."""

        def act() -> None:
            told = _parsed(line)
            wrong: list[UserError] = []
            for part in (self._tell_progress, self._tell_metrics, self._tell_words):
                try:
                    part(told)
                except UserError as error:  # the other parts are good
                    wrong.append(error)
            if wrong:
                raise wrong[0]

        return line.startswith((_YAML, _JSON)) and self._attempt(act, line)

    def _tell_progress(self, told: Mapping[str, Any]) -> None:
        progress = told.get("progress")
        if progress is None:
            return
        if isinstance(progress, bool) or not isinstance(progress, int | float):
            raise UserError.of("bad-report", f"progress is {progress!r}, no number")
        if not 0 <= progress <= 1:
            raise UserError.of("bad-report", f"progress is {progress!r}, not 0 to 1")
        self._progress = float(progress)

    def _tell_metrics(self, told: Mapping[str, Any]) -> None:
        values = told.get("metrics", told.get("metric"))
        if values is None:
            return
        values = _mapping(values)
        good = {name: value for name, value in values.items() if isinstance(value, int | float)}
        if good or not values:
            self._run.log_metrics(good, told.get("step"), told.get("time"))
        for name, value in values.items():
            if name not in good:
                message = f"the metric {name!r} is {value!r}, no number"
                raise UserError.of("bad-report", message)

    def _tell_words(self, told: Mapping[str, Any]) -> None:
        if told.get("metadata") is not None:
            self._run.update_metadata(_mapping(told["metadata"]))
        if told.get("event") is not None:
            self._run.log_event(str(told["event"]))

    def _attempt(self, act: Callable[[], None], line: str) -> bool:
        try:
            act()
        except UserError as error:
            self._bad += 1
            if self._bad <= _WARNED:
                why = error.problems[0].message
                message = f"the line {short(line, 80)!r} could not be read: {why}"
                self._first = self._first or message
                with contextlib.suppress(WhenceError):
                    self._run.log_event(message, "warning")
            return False
        return True


class _LastLine:
    """The last line of a text that is not empty, as the text comes."""

    def __init__(self) -> None:
        self._whole, self._open = "", ""

    def take(self, text: str) -> None:
        *lines, last = (self._open + text).replace("\r", "\n").split("\n")
        self._whole = next((line for line in reversed(lines) if plain(line).strip()), self._whole)
        self._open = last[:_SHOWN]

    @property
    def text(self) -> str:
        line = plain(self._open).strip() or plain(self._whole).strip()
        line = "".join(c if c.isprintable() else " " for c in line)
        return line if len(line) < _SHOWN else line[: _SHOWN - 1] + "…"


def _may_begin(piece: bytes) -> bool:
    """Whether the beginning of a line may be one of a line that tells something."""
    return any(piece.startswith(mark) or mark.startswith(piece) for mark in _MARKS)


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
