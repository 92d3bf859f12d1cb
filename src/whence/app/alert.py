"""The alerts that are on record, and how they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from whence.app.page import Page
from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.records import Record, Records
from whence.store import Store

_COLUMNS = ("name", "created")

Watched = tuple[str, float | None, Mapping[str, Mapping[str, Any]]]
"""A run: its id, when it was put on record, and its alerts by id."""


@dataclass(frozen=True, slots=True)
class RecordedAlert:
    """An alert, and how it stands in the runs that have it.

    Attributes
    ----------
    id : str
        Made of the definition: the same alert has the same id in every run.
    name : str
        What people call it.
    source : str
        What it watches: ``metrics``, ``events``, or ``user`` where that is said by hand.
    rule : mapping
        When it is critical, by the names of Simvue's protocol; empty where the user says.
    description : str or None
        Text for people.
    notification : str
        ``none`` or ``email``.
    abort : bool
        Whether a run is ended when it becomes critical.
    created : float or None
        When the first of the runs was put on record, in seconds since 1970-01-01 UTC.
    standing : mapping of str to (str or None)
        How it stands in each run: ``ok``, ``critical``, or None where it never said.
    """

    id: str
    name: str
    source: str
    rule: Mapping[str, Any]
    description: str | None
    notification: str
    abort: bool
    created: float | None
    standing: Mapping[str, str | None]

    @property
    def status(self) -> str | None:
        """``critical`` if it is in some run, else ``ok`` if it is in some, else None."""
        stands = set(self.standing.values())
        return next((word for word in ("critical", "ok") if word in stands), None)


@dataclass(frozen=True, slots=True)
class AlertRequest:
    """Which alerts are wanted, of a run or of all.

    Attributes
    ----------
    run : Record or None
        Only the alerts that this run is watched for.
    critical_only : bool
        Only those that are critical.
    page : Page
        In which order, and how many.
    """

    run: Record | None
    critical_only: bool
    page: Page


def find_alerts(store: Store, request: AlertRequest) -> list[RecordedAlert]:
    """The alerts that are asked for, those of the newest runs first if no order is."""
    run = request.run
    watched = (
        _on_record(store) if run is None else [(run.id, run.created, run.state.get("alerts") or {})]
    )
    found = [
        alert
        for alert in _alerts(watched, attached=run is not None)
        if alert.status == "critical" or not request.critical_only
    ]
    return request.page.of(found, _COLUMNS, getattr)


def delete_alert(store: Store, given: str) -> list[str]:
    """Delete an alert from all runs; gives the ids of those that had it.

    Raises
    ------
    UserError
        If no run has an alert of that id or name, or several alerts have that name.
    """
    alerts = _alerts(_on_record(store), attached=False)
    meant = [alert for alert in alerts if given in (alert.id, alert.name)]
    if len(meant) != 1:
        shown = "".join(f"\n  {alert.id}" for alert in meant)
        near = did_you_mean(str(given), [alert.name for alert in alerts])
        raise UserError.of(
            "ambiguous-alert" if meant else "unknown-alert",
            f"{'several alerts are' if meant else 'no run on record has an alert'} {given!r}",
            mend=f"Give the id of one:{shown}" if meant else near,
        )
    (alert,) = meant
    writer = store.writer()
    for run in alert.standing:
        writer.append("alert", run, {"alert": alert.id, "facts": {"deleted": True}})
    writer.sync()
    return list(alert.standing)


def _on_record(store: Store) -> Iterator[Watched]:
    """The runs with alerts, the newest first."""
    rows = Records(store).connection.execute(
        "SELECT run.id, run.created, json_extract(json, '$.alerts') "
        "FROM run JOIN state ON state.run = run.key WHERE NOT run.deleted AND "
        'json LIKE \'%"alerts":{"%\' ORDER BY run.created DESC, run.id DESC'
    )
    return ((run, created, orjson.loads(text)) for run, created, text in rows if text)


def _alerts(watched: Iterable[Watched], *, attached: bool) -> list[RecordedAlert]:
    """The alerts of runs, each once; only those that are watched for, if so wanted."""
    facts: dict[str, Mapping[str, Any]] = {}
    runs: dict[str, dict[str, str | None]] = {}
    born: dict[str, float] = {}
    for run, created, alerts in watched:
        for key, told in alerts.items():
            if attached and told.get("attached") is False:
                continue
            facts.setdefault(key, told)
            runs.setdefault(key, {})[run] = told.get("status")
            if created is not None:
                born[key] = min(created, born.get(key, created))
    return [
        RecordedAlert(
            key,
            str(told.get("name") or key),
            str(told.get("source") or "user"),
            rule if isinstance(rule := told.get("alert"), dict) else {},
            told.get("description"),
            str(told.get("notification") or "none"),
            bool(told.get("abort")),
            born.get(key),
            runs[key],
        )
        for key, told in facts.items()
    ]
