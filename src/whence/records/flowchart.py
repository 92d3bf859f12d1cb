"""A lineage in the languages of Mermaid and Graphviz."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from whence.base.excerpt import printable
from whence.records.sibling import Group, grouped

if TYPE_CHECKING:
    from whence.records.lineage import Lineage

_SHAPES = {"artifact": ("[", "]"), "code": ("{{", "}}")}
_COLOURS = {
    "run": ("#2563c9", "#2563c9", "#ffffff"),
    "artifact": ("#e3f3e6", "#3c9a56", "#14401f"),
    "code": ("#efe4fb", "#7c3fc0", "#3f1768"),
}
_DOT = {"run": "box", "artifact": "note", "code": "hexagon"}


def mermaid(lineage: Lineage, collapse: bool) -> str:
    """A Mermaid flowchart; quotes and markup in names are written as entities."""

    def lines() -> Iterator[str]:
        drawn = grouped(lineage, collapse)
        yield "flowchart LR"
        number = {group.id: f"n{index}" for index, group in enumerate(drawn.groups)}
        for group in drawn.groups:
            begin, end = _SHAPES.get(group.kind, ("([", "])"))
            kind = _family(group)
            yield f'  {number[group.id]}{begin}"{_entities(_label(group))}"{end}:::{kind}'
        for source, target in drawn.edges:
            yield f"  {number[source]} --> {number[target]}"
        for kind, (fill, stroke, ink) in _COLOURS.items():
            yield f"  classDef {kind} fill:{fill},stroke:{stroke},color:{ink}"

    return "\n".join(lines()) + "\n"


def dot(lineage: Lineage, collapse: bool) -> str:
    """A digraph in the dot language; every name is a quoted string."""

    def lines() -> Iterator[str]:
        drawn = grouped(lineage, collapse)
        yield "digraph lineage {"
        yield "  rankdir=LR"
        yield '  node [style="filled,rounded" fontname="sans-serif" fontsize=11]'
        yield '  edge [color="#8a93a3" arrowsize=0.7]'
        for group in drawn.groups:
            kind = _family(group)
            fill, stroke, ink = _COLOURS[kind]
            style = "filled,rounded" if kind == "run" else "filled"
            told = {
                "label": _label(group),
                "tooltip": group.id,
                "shape": _DOT[kind],
                "style": style,
                "fillcolor": fill,
                "color": stroke,
                "fontcolor": ink,
            }
            words = " ".join(f"{key}={_quoted(value)}" for key, value in told.items())
            yield f"  {_quoted(group.id)} [{words}]"
        for source, target in drawn.edges:
            yield f"  {_quoted(source)} -> {_quoted(target)}"
        yield "}"

    return "\n".join(lines()) + "\n"


def _family(group: Group) -> str:
    return group.kind if group.kind in _COLOURS else "run"


def _label(group: Group) -> str:
    text = printable(group.title)
    return text if len(text) <= 60 else f"{text[:36]}…{text[-20:]}"


def _entities(text: str) -> str:
    """Mermaid knows no backslashes: anything but letters, digits and plain signs by its number."""
    return "".join(
        letter if letter.isalnum() or letter in " ._-/,:×…()" else f"#{ord(letter)};"
        for letter in text
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
