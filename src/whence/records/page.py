"""A lineage as one interactive page that needs nothing from outside itself."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import orjson

from whence.base.clock import utc_text
from whence.base.escape import encode
from whence.base.excerpt import short, size
from whence.params import flatten
from whence.records.layout import arrange
from whence.records.period import spoken
from whence.records.record import Record
from whence.records.sibling import Grouped, grouped

if TYPE_CHECKING:
    from whence.records.lineage import Lineage, Member

WIDTH, HEIGHT, GAP = 202, 46, 42
_ROW, _BEND = 62, 20
_MOST = 60  # parameters of a run that are told
_LONGEST = 300


def page(lineage: Lineage, title: str | None = None) -> str:
    """The page; nothing in it but its own script can run."""
    script = _part("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    told = facts(lineage, title)
    parts = {
        "@HASH@": f"sha256-{digest}",
        "@TITLE@": html.escape(told["title"]),
        # In a script element only `</` and `<!--` mean anything; no `<` is left at all.
        "@DATA@": orjson.dumps(told).decode().replace("<", "\\u003c"),
        "@SCRIPT@": script,
    }
    text = _part("page.html")
    for mark, part in parts.items():
        before, _, after = text.rpartition(mark)
        text = before + part + after
    return text


def frame(lineage: Lineage) -> str:
    """The page in a frame of its own, for notebooks: it can touch nothing of theirs."""
    inner = html.escape(page(lineage))
    return (
        f'<iframe sandbox="allow-scripts" srcdoc="{inner}" title="lineage" '
        'style="width: 100%; height: 480px; border: 1px solid #8884; border-radius: 6px"></iframe>'
    )


def facts(lineage: Lineage, title: str | None = None) -> dict[str, Any]:
    """What the page shows, as plain data."""
    members = lineage.members
    number = {name: index for index, name in enumerate(members)}
    drawn = grouped(lineage)
    states = {record.id: record for record in lineage.records.of_ids(_runs(lineage))}
    made = {link.digest for link in lineage.links if link.category == "output"}
    links = dict.fromkeys(
        (number[link.source], number[link.target], link.category) for link in lineage.links
    )
    names = [members[root].name for root in lineage.roots if root in members]
    runs = len(states)
    return {
        "title": title or f"Lineage of {', '.join(names[:3])}{' …' if names[3:] else ''}",
        "what": f"{runs} {'run' if runs == 1 else 'runs'}, {len(members) - runs} files",
        "size": {"width": WIDTH, "height": HEIGHT, "gap": GAP},
        "roots": [number[root] for root in lineage.roots if root in members],
        "members": [_member(member, states.get(name)) for name, member in members.items()],
        "links": [list(link) for link in links],
        **_drawing(drawn, number, made),
    }


def _drawing(drawn: Grouped, number: dict[str, int], made: set[str]) -> dict[str, Any]:
    column = {group.id: group.layer for group in drawn.groups}
    layout = arrange(column, drawn.edges, box=_ROW, bend=_BEND)
    place = {group.id: index for index, group in enumerate(drawn.groups)}
    boxes = [
        {
            "kind": group.kind,
            "label": group.label,
            "note": group.note,
            "column": group.layer,
            "y": round(layout.y[group.id], 1),
            "made": any(name in made for name in group.members),
            "members": [number[name] for name in group.members],
        }
        for group in drawn.groups
    ]
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for source, target in drawn.edges:
        back = column[source] > column[target]
        left, right = (target, source) if back else (source, target)
        line = lines.setdefault(
            (left, right),
            {
                "from": place[left],
                "to": place[right],
                "column": column[left],
                "bends": [round(y, 1) for y in layout.bends.get((left, right), ())],
                "ends": [],
            },
        )
        line["ends"].append("start" if back else "end")
    return {"boxes": boxes, "lines": list(lines.values())}


def _runs(lineage: Lineage) -> Iterator[str]:
    return (name for name, member in lineage.members.items() if member.is_run)


def _member(member: Member, record: Record | None) -> dict[str, Any]:
    told = _of_run(record) if record is not None else _of_content(member)
    status = record.status if record is not None else None
    sub = (
        f"{status} · {_day(record)}"
        if record is not None
        else " · ".join(filter(None, (_size(member), member.facts.get("type"))))
    )
    return {
        "id": member.id,
        "kind": member.kind,
        "name": member.name,
        "sub": sub,
        "bad": status in ("failed", "terminated", "lost"),
        "facts": [[key, _short(value)] for key, value in told if value not in (None, "")],
        "parameters": [[key, _short(value)] for key, value in _parameters(record)],
    }


def _of_run(record: Record) -> Iterator[tuple[str, Any]]:
    state = record.state
    yield "id", record.id
    yield "status", record.status
    yield "created", utc_text(record.created)[:19] + "Z" if record.created else None
    if record.duration is not None:
        yield "took", spoken(record.duration)
    where = f" on {state['host']}" if state.get("host") else ""
    yield "by", f"{state.get('user') or '–'}{where}"
    yield "folder", record.folder
    yield "tags", ", ".join(record.tags)
    yield "about", state.get("description")
    yield "command", state.get("repeat") or " ".join(map(str, state.get("command") or ()))
    code = state.get("code") or {}
    dirty = " with changes" if code.get("dirty") else ""
    yield "commit", f"{code['commit'][:12]}{dirty}" if code.get("commit") else None
    error = state.get("error") or {}
    yield "error", ": ".join(filter(None, (error.get("type"), error.get("message"))))


def _parameters(record: Record | None) -> Iterator[tuple[str, Any]]:
    parameters = flatten(record.parameters) if record is not None else {}
    for key, value in list(parameters.items())[:_MOST]:
        yield key, value if isinstance(value, str) else repr(value)
    if len(parameters) > _MOST:
        yield "…", f"and {len(parameters) - _MOST} more"


def _of_content(member: Member) -> Iterator[tuple[str, Any]]:
    yield "digest", member.id
    yield "type", member.facts.get("type")
    yield "size", _size(member)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else str(encode(value))
    return short(text.encode("utf-8", "replace").decode(), _LONGEST)


def _day(record: Record) -> str:
    return utc_text(record.created)[:16].replace("T", " ") if record.created else ""


def _size(member: Member) -> str | None:
    count = member.facts.get("size")
    return None if count is None else size(count)


def _part(name: str) -> str:
    return files("whence.records").joinpath(name).read_text(encoding="utf-8")
