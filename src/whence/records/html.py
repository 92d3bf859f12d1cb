"""How records look in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from whence.params import flatten
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
_TWO = tuple(f"{number:02d}" for number in range(60))


def table(records: Sequence[Record], total: int) -> str:
    """The records as a table, with the parameters that differ among them."""
    differing = varied(records)
    keys = list(dict.fromkeys(key for leaves in differing.values() for key in leaves))[:12]
    heads = ("label", "status", "name", "tags", *keys, "took", "created")
    rows = [_row(record, [differing.get(record.id, {}).get(key, "") for key in keys])
            for record in records]  # fmt: skip
    hidden = total - len(records)
    note = f"<caption>{total} records{f', {hidden} of them not shown' if hidden else ''}</caption>"
    head = "".join(f'<th style="{_LEFT}">{escape(str(name))}</th>' for name in heads)
    return f"<table>{note}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def card(record: Record) -> str:
    """One record, with all that is worth knowing at a glance."""
    told: dict[str, Any] = {
        "label": record.label,
        "kind": record.kind,
        "folder": record.folder,
        "tags": " ".join(record.tags),
        "reason": "\n".join(record.reason),
        "outcome": record.outcome,
        "created": _when(record),
        "took": duration(record.duration),
        "code": record.version,
        "main file": record.main_file,
        "output": "\n".join(record.outputpaths),
    }
    for title, values in (("parameter", record.parameters), ("metadata", record.metadata)):
        told |= {f"{title} {key}": short(value) for key, value in flatten(values).items()}
    rows = "".join(
        f'<tr><th style="{_LEFT}">{escape(key)}</th>'
        f'<td style="{_LEFT}; white-space: pre-wrap">{escape(str(value))}</td></tr>'
        for key, value in told.items()
        if value not in (None, "")
    )
    return f"<table><caption>{escape(record.name)} {_badge(record)}</caption>{rows}</table>"


def duration(seconds: float | None) -> str:
    """A length of time as ``0h 00m 00s``."""
    return durations([seconds], "")[0]


def durations(lengths: Iterable[float | None], unknown: str) -> list[str]:
    """Lengths of time as ``0h 00m 00s``; of thousands, so without formatting each number."""
    whole = [None if one is None else round(one) for one in lengths]
    return [
        unknown if s is None else f"{s // 3600}h {_TWO[s // 60 % 60]}m {_TWO[s % 60]}s"
        for s in whole
    ]


def short(value: Any, width: int = 60) -> str:
    """A value in a few characters."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def _row(record: Record, values: Sequence[Any]) -> str:
    cells = [escape(record.label), _badge(record), escape(record.name)]
    cells += [escape(" ".join(record.tags)), *(escape(short(value, 24)) for value in values)]
    cells += [duration(record.duration), _when(record)]
    return "<tr>" + "".join(f'<td style="{_LEFT}">{cell}</td>' for cell in cells) + "</tr>"


def _badge(record: Record) -> str:
    colour = _COLOUR.get(record.status, "inherit")
    return f'<span style="color: {colour}; font-weight: bold">{escape(record.status)}</span>'


def _when(record: Record) -> str:
    return "" if record.timestamp is None else record.timestamp.strftime("%Y-%m-%d %H:%M:%S")
