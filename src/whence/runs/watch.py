"""The alerts of a live run, looked at as values and events are logged."""

from __future__ import annotations

import fnmatch
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.runs.alert import Alert, EventRule, MetricRule, State, alert_of
from whence.store import Store

Write = Callable[[Mapping[str, Any]], None]
Alarm = Callable[[Alert], None]

_MINUTE = 60.0


class Window:
    """The latest values of one metric, and what they are together.

    Parameters
    ----------
    rule : MetricRule
        Which values belong to it, and when they are critical.
    """

    def __init__(self, rule: MetricRule) -> None:
        self._rule = rule
        self._values: deque[tuple[float, float]] = deque()
        self._sum = 0.0
        self._bad = 0
        self._since = 0  # values taken out since the sum was made afresh

    def add(self, stamp: float, value: float) -> bool:
        """Whether the values are critical, with one more."""
        self._values.append((stamp, value))
        self._sum += value
        self._bad += self._rule.violates(value)
        oldest = stamp - self._rule.window * _MINUTE
        while self._values[0][0] < oldest:
            _, gone = self._values.popleft()
            self._sum -= gone
            self._bad -= self._rule.violates(gone)
            self._since += 1
        if self._since > len(self._values) or not math.isfinite(self._sum):
            self._sum, self._since = _total(value for _, value in self._values), 0
        return self._critical()

    def _critical(self) -> bool:
        if self._rule.aggregation == "at least one":
            return self._bad > 0
        if self._rule.aggregation == "all":
            return self._bad == len(self._values)
        total = self._sum
        return self._rule.violates(
            total / len(self._values) if self._rule.aggregation == "average" else total
        )


def _real(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond the largest float
        return math.inf if value > 0 else -math.inf


def _total(values: Any) -> float:
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):  # infinities of both signs, or beyond the largest float
        return math.nan


@dataclass(slots=True)
class Watched:
    """An alert, how it stands, and what is known of its metrics."""

    alert: Alert
    attached: bool = True
    state: State | None = None
    since: float = -math.inf
    windows: dict[str, Window] = field(default_factory=dict)
    critical: set[str] = field(default_factory=set)


class Watch:
    """Looks at what a run logs. Safe to use from any thread.

    Parameters
    ----------
    write : callable
        Puts the facts of an ``alert`` line on record.
    alarm : callable
        Called when an alert becomes critical, after that is on record.
    """

    def __init__(self, write: Write, alarm: Alarm) -> None:
        self._write, self._alarm = write, alarm
        self._lock = threading.RLock()
        self._all: dict[str, Watched] = {}
        self._metrics: dict[str, list[Watched]] = {}

    def add(self, alert: Alert, attached: bool = True, state: State | None = None) -> str:
        """Watch for an alert from now on; gives its id."""
        known = alert.id
        with self._lock:
            there = self._all.get(known)
            if there is None or (attached and not there.attached):
                facts = {**alert.as_dict(), "attached": attached, "status": state}
                self._write({"alert": known, "facts": facts})
                self._all[known] = Watched(alert, attached, state)
                self._metrics.clear()
        return known

    def find(self, identifier: str | None, name: str | None) -> str | None:
        """The id of the alert of that id or name, if there is one; a name will do for an id."""
        for known, watched in self._all.items():
            if known == identifier or watched.alert.name in {name, identifier} - {None}:
                return known
        return None

    def alert(self, known: str) -> Alert:
        """The alert of that id, which must be there."""
        return self._all[known].alert

    def resume(self, alerts: Mapping[str, Mapping[str, Any]]) -> None:
        """Take up the alerts that a run has on record."""
        with self._lock:
            for known, facts in alerts.items():
                there = Watched(alert_of(facts), bool(facts.get("attached")), facts.get("status"))
                self._all[known] = there
            self._metrics.clear()

    def metrics(self, stamp: float, values: Mapping[str, Any]) -> None:
        """Look at values that were logged; arrays are left alone."""
        with self._lock:
            for name, value in values.items():
                if getattr(value, "ndim", 0):
                    continue
                there = self._metrics.get(name)
                for watched in self._of(name) if there is None else there:
                    rule = watched.alert.rule
                    assert isinstance(rule, MetricRule)
                    window = watched.windows.setdefault(name, Window(rule))
                    if window.add(stamp, _real(value)):
                        watched.critical.add(name)
                    else:
                        watched.critical.discard(name)
                    self._turn(watched, "critical" if watched.critical else "ok", stamp)

    def event(self, stamp: float, message: str) -> None:
        """Look at an event that was logged."""
        with self._lock:
            for watched in list(self._all.values()):
                rule = watched.alert.rule
                if isinstance(rule, EventRule) and watched.attached:
                    found = rule.pattern in message
                    self._turn(watched, "critical" if found else "ok", stamp)

    def say(self, identifier: str | None, name: str | None, state: State) -> None:
        """Set how a user alert stands.

        Raises
        ------
        UserError
            If there is no such alert, or it is not the user's to say.
        """
        if identifier is None and name is None:
            raise UserError.of("no-alert", "which alert?", mend="Give its identifier or its name.")
        known = self.find(identifier, name)
        if known is None:
            words = [*self._all, *(watched.alert.name for watched in self._all.values())]
            raise UserError.of(
                "unknown-alert",
                f"this run has no alert {name or identifier!r}",
                mend=did_you_mean(str(name or identifier), words)
                or "Create it with create_user_alert(name=...).",
            )
        watched = self._all[known]
        if watched.alert.source != "user":
            raise UserError.of(
                "not-a-user-alert",
                f"the alert {watched.alert.name!r} watches {watched.alert.source} by itself",
                mend="Only alerts made with create_user_alert are set by log_alert.",
            )
        with self._lock:
            watched.since = -math.inf
            self._turn(watched, state, time.time())

    def _of(self, name: str) -> list[Watched]:
        found = [
            watched
            for watched in self._all.values()
            if isinstance(watched.alert.rule, MetricRule)
            and watched.attached
            and (
                watched.alert.rule.metric == name
                or fnmatch.fnmatchcase(name, watched.alert.rule.metric)
            )
        ]
        self._metrics[name] = found
        return found

    def _turn(self, watched: Watched, state: State, stamp: float) -> None:
        if state == watched.state:
            return
        rule = watched.alert.rule
        held = 0.0 if rule is None or watched.state != "critical" else rule.frequency * _MINUTE
        if stamp - watched.since < held:
            return
        self._write({"alert": watched.alert.id, "facts": {"status": state, "at": stamp}})
        watched.state, watched.since = state, stamp
        if state == "critical":
            self._alarm(watched.alert)


def known_alert(store: Store, watch: Watch, identifier: str | None, name: str | None) -> Alert:
    """The alert of that id or name: of this run, or else of any run on record, the newest first.

    Raises
    ------
    UserError
        If there is none.
    """
    known = watch.find(identifier, name)
    if known is not None:
        return watch.alert(known)
    rows = store.index().connection.execute(
        "SELECT state.json FROM run JOIN state ON state.run = run.key "
        'WHERE state.json LIKE \'%"alerts":{"%\' ORDER BY run.created DESC'
    )
    for (text,) in rows:
        for key, facts in orjson.loads(text).get("alerts", {}).items():
            if key == identifier or facts.get("name") in {name, identifier} - {None}:
                return alert_of(facts)
    raise UserError.of(
        "unknown-alert",
        f"no run on record has an alert {name or identifier!r}",
        mend="Create it with one of the create_..._alert calls.",
    )
