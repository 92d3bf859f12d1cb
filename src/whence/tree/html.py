"""How a data tree looks in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from whence.base.card import LEFT, faint
from whence.tree.show import chosen, told

_OPEN = 1  # levels that are unfolded at first
_INDENT = "margin-left: 1.2em"


def tree_card(group: Any, *, max_level: int | None, condense_thresh: int | None, note: str) -> str:
    """The members of a group and below, to be folded and unfolded.

    Parameters
    ----------
    group : OrderedDataGroup
        Where to start.
    max_level : int, optional
        How many levels to show.
    condense_thresh : int, optional
        How many members of one group are shown, as in the printed tree.
    note : str
        What follows the name and the class of it.
    """
    inner = "".join(_members(group, 0, max_level, condense_thresh))
    title = f"<b>{escape(group.name)}</b> {faint(f'{group.classname}, {group.info()}')} "
    return f'<div style="{LEFT}">{title}{escape(note)}{inner}</div>'


def _members(group: Any, level: int, max_level: int | None, thresh: int | None) -> Iterator[str]:
    if max_level is not None and level >= max_level:
        return
    members = list(group.children())
    shown = chosen(members, thresh)
    for member in shown:
        if member is None:
            yield f'<div style="{_INDENT}">… {len(members) - len(shown) + 1} more …</div>'
            continue
        line = f"{escape(member.name)} {faint(f'{member.classname}, {told(member)}')}"
        if not member.is_group or not len(member):
            yield f'<div style="{_INDENT}">{line}</div>'
            continue
        with member.opened():
            inner = "".join(_members(member, level + 1, max_level, thresh))
        opened = " open" if level < _OPEN else ""
        yield f'<details style="{_INDENT}"{opened}><summary>{line}</summary>{inner}</details>'
