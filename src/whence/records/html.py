"""How records look in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from whence.params import flatten
from whence.records.excerpt import short
from whence.records.period import spoken
from whence.records.reader import varied
from whence.records.record import Record

_COLOUR = {
    "created": "#6b7280",
    "running": "#2563eb",
    "completed": "#15803d",
    "failed": "#b91c1c",
    "terminated": "#b45309",
    "lost": "#a21caf",
}
_LEFT = "text-align: left; vertical-align: top"
_LINE = f"{_LEFT}; white-space: nowrap"
_FEW = 8  # lines of a cell of a card
_MOST = 12  # columns of parameters


def table(records: Sequence[Record], total: int) -> str:
    """The records as a table, with the parameters that differ among them."""
    differing = varied(records)
    keys = list(dict.fromkeys(key for leaves in differing.values() for key in leaves))[:_MOST]
    heads = ("label", "status", "name", "tags", *keys, "took", "created")
    rows = [_row(record, [differing.get(record.id, {}).get(key, "") for key in keys])
            for record in records]  # fmt: skip
    hidden = total - len(records)
    told = f"{total} record{'' if total == 1 else 's'}"
    note = _caption(f"{told}{f', {hidden} of them not shown' if hidden else ''}")
    head = "".join(f'<th style="{_LINE}">{escape(str(name))}</th>' for name in heads)
    return f"<table>{note}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def card(record: Record) -> str:
    """One record, with all that is worth knowing at a glance."""
    alerts = record.state.get("alerts") or {}
    told: dict[str, Any] = {
        "label": record.label,
        "kind": record.kind,
        "folder": record.folder,
        "tags": ", ".join(record.tags),
        "description": record.state.get("description"),
        "reason": "\n".join(record.reason),
        "outcome": record.outcome,
        "critical": "\n".join(
            str(facts.get("name")) for facts in alerts.values() if facts.get("status") == "critical"
        ),
        "created": _when(record),
        "took": _took(record),
        "code": record.version,
        "main file": record.main_file,
        "output": "\n".join(record.outputpaths),
    }
    parts = {"": told, "parameters": record.parameters, "metadata": record.metadata}
    body = "".join(_section(title, values) for title, values in parts.items())
    note = _caption(f"<b>{escape(record.name)}</b> {_badge(record)}")
    return f"<table>{note}<tbody>{body}</tbody></table>"


def _section(title: str, values: Mapping[str, Any]) -> str:
    """Rows under a title; without one, only those that say something."""
    if title:
        values = {key: short(value, 60) for key, value in flatten(values).items()}
    else:
        values = {key: value for key, value in values.items() if value not in (None, "")}
    head = f'<tr><td colspan="2" style="{_LEFT}; opacity: 0.7">{title}</td></tr>' if title else ""
    rows = "".join(
        f'<tr><th style="{_LINE}">{escape(str(key))}</th>'
        f'<td style="{_LEFT}; white-space: pre-wrap">{escape(_first(value))}</td></tr>'
        for key, value in values.items()
    )
    return head + rows if rows else ""


def _first(text: str) -> str:
    """The first lines of a text, and how many there are more."""
    lines = text.split("\n")
    more = len(lines) - _FEW
    return text if more <= 1 else "\n".join([*lines[:_FEW], f"… and {more} more"])


def _row(record: Record, values: Sequence[Any]) -> str:
    cells = [escape(record.label), _badge(record), escape(record.name)]
    cells += [escape(", ".join(record.tags)), *(escape(short(value, 24)) for value in values)]
    cells += [_took(record), _when(record)]
    return "<tr>" + "".join(f'<td style="{_LINE}">{cell}</td>' for cell in cells) + "</tr>"


def _caption(text: str) -> str:
    return f'<caption style="{_LEFT}; caption-side: top">{text}</caption>'


def _badge(record: Record) -> str:
    colour = _COLOUR.get(record.status, "inherit")
    return f'<span style="color: {colour}; font-weight: bold">{escape(record.status)}</span>'


def _took(record: Record) -> str:
    return "" if record.duration is None else spoken(record.duration)


def _when(record: Record) -> str:
    return "" if record.timestamp is None else record.timestamp.strftime("%Y-%m-%d %H:%M:%S")
