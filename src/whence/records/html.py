"""How records look in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from whence.base import card as base
from whence.base.excerpt import counted, measure, short
from whence.params import flatten
from whence.records.period import spoken
from whence.records.reader import varied
from whence.records.record import Record
from whence.records.thin import thinned

if TYPE_CHECKING:
    from whence.records.metric import Metrics
    from whence.records.thin import Column

_COLOUR = {
    "created": "#6b7280",
    "running": "#2563eb",
    "completed": "#15803d",
    "failed": "#b91c1c",
    "terminated": "#b45309",
    "lost": "#a21caf",
}
_FEW = 8  # lines of a cell of a card
_MOST = 12  # columns of parameters
_WIDTH, _HEIGHT = 160, 20  # of the course of a metric [px]
_POINTS = 160  # of such a course
_FLAT = 1e-9  # a course that moves less, as a part of its values, does not move


def table(records: Sequence[Record], total: int, why: Iterable[str] = ()) -> str:
    """The records as a table, with the parameters that differ among them; why there is none."""
    differing = varied(records)
    keys = list(dict.fromkeys(key for leaves in differing.values() for key in leaves))[:_MOST]
    heads = ("label", "status", "name", "tags", *keys, "took", "created")
    rows = [_row(record, [differing.get(record.id, {}).get(key, "") for key in keys])
            for record in records]  # fmt: skip
    hidden = total - len(records)
    told = counted(total, "record")
    note = base.caption(
        "<br>".join(
            [f"{told}{f', {hidden} of them not shown' if hidden else ''}", *map(escape, why)]
        )
    )
    head = "".join(f'<th style="{base.LINE}">{escape(str(name))}</th>' for name in heads)
    return f"<table>{note}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def card(record: Record) -> str:
    """One record, with all that is worth knowing at a glance."""
    code = record.state.get("code") or {}
    told: dict[str, Any] = {
        "label": record.label,
        "kind": record.kind,
        "folder": record.folder,
        "tags": ", ".join(record.tags),
        "description": record.state.get("description"),
        "reason": "\n".join(record.reason),
        "outcome": record.outcome,
        "critical": "\n".join(
            name for name, stands in record.alerts.items() if stands == "critical"
        ),
        "created": _when(record),
        "took": _took(record),
        "code": f"{record.version}{' with changes' if code.get('dirty') else ''}",
        "main file": record.main_file,
        "output": "\n".join(record.outputpaths),
    }
    parts = {"": told, "parameters": record.parameters, "metadata": record.metadata}
    body = "".join(_section(title, values) for title, values in parts.items())
    body += _logged(record)
    return base.card(record.name, [body], _badge(record))


def _logged(record: Record) -> str:
    """The course of the first metrics, and the last events."""
    if record.store is None:
        return ""
    from whence.records.metric import OWN

    metrics = record.metrics
    names = [name for name in metrics.names if not name.startswith(OWN)]
    rows = [base.row(name, _course(metrics, name)) for name in names[:_FEW]]
    more = len(names) - _FEW
    body = "".join([base.head("metrics"), *rows] if rows else [])
    body += base.row("…", f"and {more} more") if more > 0 else ""
    events = record.events
    if events:
        few = len(events) <= _FEW
        body += base.head("events" if few else f"the last of {len(events)} events")
    return body + "".join(base.row(one["level"], escape(one["message"])) for one in events[-_FEW:])


def _course(metrics: Metrics, name: str) -> str:
    """A metric as a small drawing, with how it ended and between what it went."""
    series = metrics.series(name)
    told = series.digest()
    last = escape(measure(f"{told.last:.7g}", told.unit))
    if told.count < 2:
        return last
    span = base.faint(f"{told.min:.7g} to {told.max:.7g}, {told.count} values")
    return f"{drawn(series.value)} {last} {span}"


def drawn(values: Column) -> str:
    """The course of some numbers as a small drawing; nothing of what is no finite number.

    Parameters
    ----------
    values : (value,) float64, int64 or bool
    """
    import numpy as np

    numbers = np.asarray(values, float)
    place = np.flatnonzero(np.isfinite(numbers))
    if not len(place):
        return ""
    there = numbers[place]
    kept = thinned(there, there, _POINTS)
    low, high = there.min() / 2, there.max() / 2  # by halves, which do not overflow
    moves = high - low > max(-low, high) * _FLAT
    high = high if moves else np.inf  # what is constant but for rounding lies on the ground
    x = 1 + (_WIDTH - 2) * place[kept] / max(len(numbers) - 1, 1)
    y = _HEIGHT - 2 - (_HEIGHT - 4) * (there[kept] / 2 - low) / (high - low)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" style="vertical-align: middle">'
        f'<polyline points="{points}" fill="none" stroke="#2563eb" stroke-width="1.3"/></svg>'
    )


def _section(title: str, values: Mapping[str, Any]) -> str:
    """Rows under a title; without one, only those that say something."""
    if title:
        values = {key: short(value, 60) for key, value in flatten(values).items()}
    else:
        values = {key: value for key, value in values.items() if value not in (None, "")}
    rows = "".join(base.row(str(key), escape(_first(value))) for key, value in values.items())
    return base.head(title) + rows if title and rows else rows


def _first(text: str) -> str:
    """The first lines of a text, and how many there are more."""
    lines = text.split("\n")
    more = len(lines) - _FEW
    return text if more <= 1 else "\n".join([*lines[:_FEW], f"… and {more} more"])


def _row(record: Record, values: Sequence[Any]) -> str:
    cells = [escape(record.label), _badge(record), escape(record.name)]
    cells += [escape(", ".join(record.tags)), *(escape(short(value, 24)) for value in values)]
    cells += [_took(record), _when(record)]
    return "<tr>" + "".join(f'<td style="{base.LINE}">{cell}</td>' for cell in cells) + "</tr>"


def _badge(record: Record) -> str:
    colour = _COLOUR.get(record.status, "inherit")
    return f'<span style="color: {colour}; font-weight: bold">{escape(record.status)}</span>'


def _took(record: Record) -> str:
    return "" if record.duration is None else spoken(record.duration)


def _when(record: Record) -> str:
    return "" if record.timestamp is None else record.timestamp.strftime("%Y-%m-%d %H:%M:%S")
