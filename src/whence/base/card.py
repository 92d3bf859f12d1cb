"""What cards in a notebook are made of: tables of HTML with a title."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

LEFT = "text-align: left; vertical-align: top"
LINE = f"{LEFT}; white-space: nowrap"


def card(title: str, rows: Iterable[str], note: str = "") -> str:
    """A table of rows, under its title in bold and a note.

    Parameters
    ----------
    title : str
        Text.
    rows : iterable of str
        HTML, of `row` and `head`.
    note : str
        HTML that follows the title.
    """
    return (
        f"<table>{caption(f'<b>{escape(title)}</b> {note}')}<tbody>{''.join(rows)}</tbody></table>"
    )


def caption(html: str) -> str:
    """What stands above a table."""
    return f'<caption style="{LINE}; caption-side: top">{html}</caption>'


def head(title: str) -> str:
    """A row that begins a section."""
    return f'<tr><td colspan="2" style="{LEFT}; opacity: 0.7">{escape(title)}</td></tr>'


def row(title: str, html: str) -> str:
    """A row with its title at the left."""
    return (
        f'<tr><th style="{LINE}">{escape(title)}</th>'
        f'<td style="{LEFT}; white-space: pre-wrap">{html}</td></tr>'
    )


def faint(text: str) -> str:
    """A text that is less important than what is beside it."""
    return f'<span style="opacity: 0.7">{escape(text)}</span>'
