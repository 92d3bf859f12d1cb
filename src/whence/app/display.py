"""Artifacts of a run as a notebook shows them."""

from __future__ import annotations

from html import escape

from whence.records import Artifact


class Artifacts(list[Artifact]):
    """A list of artifacts that a notebook shows as a table."""

    def _repr_html_(self) -> str:
        heads = ("name", "category", "type", "size", "digest")
        rows = [
            (one.name, one.category, one.type, f"{one.size:,} B", one.digest[:12]) for one in self
        ]
        return f"<table>{_row('th', heads)}{''.join(_row('td', row) for row in rows)}</table>"


class Picture(bytes):
    """The bytes of a PNG file, which a notebook shows as the picture that they are."""

    def _repr_png_(self) -> bytes:
        return bytes(self)

    def __repr__(self) -> str:
        return f"<PNG picture of {len(self):,} bytes>"


def _row(tag: str, cells: tuple[str, ...]) -> str:
    style = ' style="text-align: left"'
    return f"<tr>{''.join(f'<{tag}{style}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"
