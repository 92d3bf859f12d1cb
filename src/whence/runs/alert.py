"""Alerts: conditions on metrics and events that a run is watched for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from whence.base.clock import ID_LENGTH
from whence.base.error import UserError
from whence.base.escape import canonical
from whence.runs.fact import key_of, one_of

State = Literal["ok", "critical"]
Rule = Literal["is above", "is below", "is inside range", "is outside range"]
Aggregation = Literal["average", "sum", "at least one", "all"]
Source = Literal["metrics", "events", "user"]

_THRESHOLD = ("is above", "is below")
_RANGE = ("is inside range", "is outside range")
_AGGREGATIONS = ("average", "sum", "at least one", "all")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class MetricRule:
    """What is critical about a metric.

    Attributes
    ----------
    metric : str
        Its name, or a pattern like ``residual/*``.
    rule : str
        ``is above`` or ``is below`` a threshold; ``is inside range`` or ``is outside range``.
    low, high : float
        The ends of the range; both are the threshold where there is one. A value that is not a
        number is outside of every range, and neither above nor below anything.
    window : float
        Minutes of values that are looked at together.
    frequency : float
        Minutes for which a state holds at least, once the alert has become critical.
    aggregation : str
        ``average`` or ``sum`` of the window; or ``at least one`` or ``all`` of its values.
    """

    metric: str
    rule: Rule
    low: float
    high: float
    window: float = 5.0
    frequency: float = 1.0
    aggregation: Aggregation = "average"

    def __post_init__(self) -> None:
        key_of(self.metric, "metric")
        one_of(self.rule, (*_THRESHOLD, *_RANGE), "rule")
        one_of(self.aggregation, _AGGREGATIONS, "aggregation")
        for name in ("low", "high", "window", "frequency"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
                raise UserError.of("bad-alert", f"{value!r} is no number for {name!r} of an alert")
        if self.low > self.high:
            raise UserError.of(
                "bad-alert", f"the range from {self.low} to {self.high} is empty", mend="Swap them."
            )
        if self.window <= 0 or self.frequency < 0:
            raise UserError.of("bad-alert", "window and frequency of an alert are minutes above 0")

    def violates(self, value: float) -> bool:
        """Whether a value is critical."""
        if self.rule == "is above":
            return value > self.high
        if self.rule == "is below":
            return value < self.low
        inside = self.low <= value <= self.high
        return inside if self.rule == "is inside range" else not inside

    def as_dict(self) -> dict[str, Any]:
        """The rule as Simvue's protocol tells it."""
        told = {
            "rule": self.rule,
            "frequency": self.frequency,
            "window": self.window,
            "metric": self.metric,
            "aggregation": self.aggregation,
        }
        if self.rule in _THRESHOLD:
            return told | {"threshold": self.high}
        return told | {"range_low": self.low, "range_high": self.high}


@dataclass(frozen=True, slots=True)
class EventRule:
    """What is critical about an event: that its text holds a pattern.

    Attributes
    ----------
    pattern : str
        The text looked for.
    frequency : float
        Minutes for which it stays critical at least.
    """

    pattern: str
    frequency: float = 1.0

    def __post_init__(self) -> None:
        if not (isinstance(self.pattern, str) and self.pattern):
            raise UserError.of("bad-alert", f"{self.pattern!r} is no text to look for in events")

    def as_dict(self) -> dict[str, Any]:
        """The rule as Simvue's protocol tells it."""
        return {"pattern": self.pattern, "frequency": self.frequency}


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition with a name.

    Attributes
    ----------
    name : str
        What people call it.
    rule : MetricRule, EventRule or None
        When it is critical; None where the user says.
    description : str, optional
        Text for people.
    notification : str
        ``none`` or ``email``; a server's duty, here it is recorded only.
    abort : bool
        Whether the run is ended when it becomes critical.
    callback : callable, optional
        Called with the alert when it becomes critical, in the thread that logs.
    """

    name: str
    rule: MetricRule | EventRule | None = None
    description: str | None = None
    notification: str = "none"
    abort: bool = False
    callback: Callable[[Alert], object] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not (isinstance(self.name, str) and self.name.strip() and self.name.isprintable()):
            raise UserError.of("bad-alert", f"{self.name!r} cannot be the name of an alert")
        one_of(self.notification, ("none", "email"), "notification")

    @property
    def source(self) -> Source:
        """What it watches: ``metrics``, ``events`` or, where the user says, ``user``."""
        if self.rule is None:
            return "user"
        return "metrics" if isinstance(self.rule, MetricRule) else "events"

    @property
    def id(self) -> str:
        """An id made of the definition: the same alert has the same id in every run."""
        number = int.from_bytes(hashlib.sha256(canonical(self.as_dict())).digest(), "big")
        digits = []
        for _ in range(ID_LENGTH):
            number, digit = divmod(number, len(_LETTERS))
            digits.append(_LETTERS[digit])
        return "".join(digits)

    def as_dict(self) -> dict[str, Any]:
        """The definition as Simvue's protocol tells it."""
        return {
            "name": self.name,
            "source": self.source,
            "alert": self.rule.as_dict() if self.rule else {},
            "description": self.description,
            "notification": self.notification,
            "abort": self.abort,
        }


def alert_of(told: Mapping[str, Any]) -> Alert:
    """The alert whose definition `Alert.as_dict` told."""
    inner = told.get("alert") or {}
    rule: MetricRule | EventRule | None = None
    if told.get("source") == "metrics":
        low, high = (
            (inner["threshold"],) * 2
            if "threshold" in inner
            else (inner["range_low"], inner["range_high"])
        )
        rule = MetricRule(
            inner["metric"],
            inner["rule"],
            low,
            high,
            inner["window"],
            inner["frequency"],
            inner["aggregation"],
        )
    elif told.get("source") == "events":
        rule = EventRule(inner["pattern"], inner["frequency"])
    return Alert(
        told["name"],
        rule,
        told.get("description"),
        told.get("notification") or "none",
        bool(told.get("abort")),
    )


class Choices(TypedDict, total=False):
    """What the makers of alerts take beside the condition; all may be left out.

    Attributes
    ----------
    description : str
        Text for people.
    window : float
        Minutes of values that are looked at together; 5 if not given.
    frequency : float
        Minutes for which an alert stays critical at least, so that it does not flicker; 1 if not
        given. It becomes critical at once.
    aggregation : str
        ``average`` (if not given) or ``sum`` of the window, or ``at least one`` or ``all`` of its
        values.
    notification : str
        ``none`` or ``email``; recorded, a server's duty.
    trigger_abort : bool
        Whether the run is ended when it becomes critical (see `Run.config`).
    attach_to_run : bool
        Whether this run is watched for it; else it is only there for `Run.add_alerts`.
    callback : callable
        Called with the alert when it becomes critical, in the thread that logs.
    """

    description: str | None
    window: float
    frequency: float
    aggregation: Aggregation
    notification: Literal["none", "email"]
    trigger_abort: bool
    attach_to_run: bool
    callback: Callable[[Alert], object] | None


_ALWAYS = frozenset({"description", "notification", "trigger_abort", "attach_to_run", "callback"})
_TIMED = _ALWAYS | {"frequency"}
_METRIC = _TIMED | {"window", "aggregation"}


def metric_alert(
    name: str, metric: str, rule: Rule, limits: tuple[float, float], choices: Choices
) -> Alert:
    """An alert on the values of a metric.

    Raises
    ------
    UserError
        If the rule does not go with the limits, or a choice cannot be.
    """
    _known(choices, _METRIC)
    window, frequency = choices.get("window", 5.0), choices.get("frequency", 1.0)
    aggregation = choices.get("aggregation", "average")
    return _alert(name, MetricRule(metric, rule, *limits, window, frequency, aggregation), choices)


def event_alert(name: str, pattern: str, choices: Choices) -> Alert:
    """An alert on a text in events."""
    _known(choices, _TIMED)
    return _alert(name, EventRule(pattern, choices.get("frequency", 1.0)), choices)


def user_alert(name: str, choices: Choices) -> Alert:
    """An alert that the user sets."""
    _known(choices, _ALWAYS)
    return _alert(name, None, choices)


def _alert(name: str, rule: MetricRule | EventRule | None, choices: Choices) -> Alert:
    return Alert(
        name,
        rule,
        choices.get("description"),
        choices.get("notification", "none"),
        bool(choices.get("trigger_abort", False)),
        choices.get("callback"),
    )


def _known(choices: Choices, known: frozenset[str]) -> None:
    for word in choices:
        one_of(word, sorted(known), "choice for an alert")
