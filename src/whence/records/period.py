"""Dates as people write them, as stretches of time."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from whence.base.error import UserError

_UNITS = {
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 7 * 86400.0,
    "mo": 30 * 86400.0,
    "y": 365 * 86400.0,
}
_UNITS |= {
    "sec": 1.0,
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86400.0,
    "week": 7 * 86400.0,
    "month": 30 * 86400.0,
    "year": 365 * 86400.0,
}
_LENGTH = r"(\d+(?:\.\d+)?)\s*([a-z]+)"
_TEXT = r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2})(?::(\d{2})(?::(\d{2}))?)?)?)?)?"
_STEPS = ("days", "hours", "minutes", "seconds")
_MEND = (
    "Write 2020, 202009 or 20200912 (year, month, day), '2020-09-12 10:30', (2020, 9, 12), a date "
    "or a datetime."
)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time, from `start` up to but without `end`, in seconds since 1970."""

    start: float
    end: float


def period(date: Any, *more: int) -> Period:
    """The stretch of time that a date names, in local time unless it has a zone.

    Parameters
    ----------
    date : int, str, tuple, datetime.date or datetime.datetime
        ``2020``, ``202009`` or ``20200912``; ISO text, cut short anywhere from the year on, or
        ``today``, ``yesterday``; a tuple ``(2020, 9, 12, ...)``; a datetime stands for its day.
    *more : int
        Month, day, hour, … where `date` is the year.

    Raises
    ------
    UserError
        If that is no date.

    Examples
    --------
    >>> month = period(202002)
    >>> month == period("2020-02") == period(2020, 2) == period((2020, 2))
    True
    >>> (month.end - month.start) / 86400
    29.0
    """
    try:
        return _period((date, *more) if more else date)
    except (ValueError, OverflowError, OSError, TypeError):
        given = (date, *more) if more else date
        raise UserError.of("bad-date", f"{given!r} is not a date", mend=_MEND) from None


def moment(date: Any, *more: int) -> float:
    """Where a stretch of time begins; of a datetime, that instant."""
    if isinstance(date, dt.datetime) and not more:
        return date.timestamp()
    return period(date, *more).start


def length(text: str | dt.timedelta) -> float:
    """The seconds of a length of time like ``3d``, ``90min``, ``2h``, ``1y``.

    Raises
    ------
    UserError
        If that is none.

    Examples
    --------
    >>> length("1.5h"), length("2w")
    (5400.0, 1209600.0)
    """
    if isinstance(text, dt.timedelta):
        return text.total_seconds()
    match = re.fullmatch(_LENGTH, text.strip().lower(), re.ASCII) if isinstance(text, str) else None
    unit = match and (match[2] if match[2] in _UNITS else match[2].rstrip("s"))
    if not match or unit not in _UNITS:
        raise UserError.of(
            "bad-length",
            f"{text!r} is not a length of time",
            mend="Write a number and a unit: 20ms, 45s, 90min, 3h, 2d, 1w, 6mo, 1y.",
        )
    return float(match[1]) * _UNITS[unit]


def _period(given: Any) -> Period:
    if isinstance(given, dt.datetime):
        given = given.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return _span(given, given + dt.timedelta(days=1))
    if isinstance(given, dt.date):
        return _of_parts((given.year, given.month, given.day))
    if isinstance(given, bool):
        raise TypeError
    if isinstance(given, int):
        text = str(given)
        if len(text) not in (4, 6, 8):
            raise ValueError
        return _of_parts(tuple(int(text[a:b]) for a, b in ((0, 4), (4, 6), (6, 8)) if text[a:b]))
    if isinstance(given, str):
        return _of_text(given.strip())
    return _of_parts(tuple(given))


def _of_text(text: str) -> Period:
    days = {"today": 0, "yesterday": 1}
    if text.lower() in days:
        return _period(dt.date.today() - dt.timedelta(days=days[text.lower()]))
    if text.isdecimal():
        return _period(int(text))
    match = re.fullmatch(_TEXT, text)
    if match:
        return _of_parts(tuple(int(part) for part in match.groups() if part))
    instant = dt.datetime.fromisoformat(text)
    return Period(instant.timestamp(), instant.timestamp() + 1)


def _of_parts(parts: tuple[int, ...]) -> Period:
    if not 1 <= len(parts) <= 6 or any(isinstance(part, bool) for part in parts):
        raise ValueError
    year, month, day, hour, minute, second = (*parts, *(0, 1, 1, 0, 0, 0)[len(parts) :])
    start = dt.datetime(year, month, day, hour, minute, second)
    if len(parts) == 1:
        return _span(start, dt.datetime(year + 1, 1, 1))
    if len(parts) == 2:
        return _span(start, dt.datetime(year + month // 12, month % 12 + 1, 1))
    return _span(start, start + dt.timedelta(**{_STEPS[len(parts) - 3]: 1}))


def _span(start: dt.datetime, end: dt.datetime) -> Period:
    return Period(start.timestamp(), end.timestamp())


def spoken(seconds: float) -> str:
    """A length of time as people say it: ``31 ms``, ``0.21 s``, ``4 min 10 s``, ``2 h 05 min``."""
    if 0 < seconds < 0.0995:
        return f"{seconds * 1000:.2g} ms"
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
