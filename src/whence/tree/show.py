"""The data tree as text."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

from whence.base.error import UserError
from whence.base.excerpt import short

_INFO_SHARE = 0.6
_FEWEST = 3


def tree_text(
    group: Any,
    *,
    max_level: int | None = None,
    condense_thresh: int | None = None,
    columns: int | None = None,
) -> str:
    """The members of a group and below, one per line, with their class and content.

    Parameters
    ----------
    group : OrderedDataGroup
        Where to start.
    max_level : int, optional
        How many levels to show.
    condense_thresh : int, optional
        How many lines the direct members of one group may take; of longer groups the first
        and last members are shown.
    columns : int, optional
        The width of the text; that of the terminal if not given.
    """
    columns = columns or shutil.get_terminal_size((80, 24)).columns
    right = int(columns * _INFO_SHARE)
    head = f"Tree of {group.logstr}, {group.info()}"
    lines = (
        f"{short(name, columns - right):<{columns - right}}{short(info, right)}"
        for name, info in _lines(group, 0, max_level, condense_thresh)
    )
    return "\n".join([head, *lines])


def _lines(
    group: Any, level: int, max_level: int | None, thresh: int | None
) -> Iterator[tuple[str, str]]:
    if max_level is not None and level >= max_level:
        return
    members: list[Any] = list(group.children())
    shown = chosen(members, thresh)
    for i, member in enumerate(shown):
        if len(shown) == 1:
            mark = " └─ "
        else:
            mark = " └┬ " if i == 0 else "  └ " if i == len(shown) - 1 else "  ├ "
        lead = " " * 3 * level + mark
        if member is None:
            yield lead + "...", f"... ({len(members) - len(shown) + 1} more) ..."
            continue
        yield lead + member.name, f"<{member.classname}, {told(member)}>"
        if member.is_group:
            with member.opened():
                yield from _lines(member, level + 1, max_level, thresh)


def told(member: Any) -> str:
    """What the tree says of a member."""
    try:
        info: str = member.info()
    except UserError as error:  # one bad file must not keep the others from being shown
        info = f"cannot be shown: {error.problems[0].message}"
    return info


def chosen(members: list[Any], thresh: int | None) -> list[Any]:
    """The members that are shown of many, with None where some are left out."""
    if thresh is None or len(members) <= max(thresh, _FEWEST):
        return list(members)
    lines = max(thresh, _FEWEST)
    first = lines // 2
    last = lines - first - 1
    return [*members[:first], None, *members[len(members) - last :]]
