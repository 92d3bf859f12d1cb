"""A lineage as a tree of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from whence.base.excerpt import printable
from whence.records.sibling import Group, grouped

if TYPE_CHECKING:
    from whence.records.lineage import Lineage

_KINDS = {"code": "code ", "sweep": "sweep ", "evaluation": "evaluation ", "task": "task "}


def outline(lineage: Lineage, collapse: bool = True) -> str:
    """Each root, with what it was made from and what was made from it.

    What would stand in several places is told in the first, and named in the others.
    """
    drawn = grouped(lineage, collapse)
    groups = {group.id: group for group in drawn.groups}
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for source, target in drawn.edges:
        before.setdefault(target, []).append(source)
        after.setdefault(source, []).append(target)
    lines: list[str] = []
    of = {member: group for group in drawn.groups for member in group.members}
    asked = {of[root].id: of[root] for root in lineage.roots if root in of}
    for group in asked.values():
        is_run = lineage.members[group.id].is_run
        lines.append(_line(group, lineage))
        above, below = ("took in", "put out") if is_run else ("was put out by", "was taken in by")
        for title, near in ((above, before), (below, after)):
            if group.id in near:
                lines.append(title)
                lines += _branches(group.id, groups, near, lineage)
    return "\n".join(lines)


def ancestry(lineage: Lineage) -> str:
    """The branches upstream of the first root alone, without a line for the root itself."""
    drawn = grouped(lineage)
    before: dict[str, list[str]] = {}
    for source, target in drawn.edges:
        before.setdefault(target, []).append(source)
    groups = {group.id: group for group in drawn.groups}
    return "\n".join(_branches(lineage.roots[0], groups, before, lineage))


def generations(lineage: Lineage) -> list[list[dict[str, Any]]]:
    """The runs upstream, the nearest generation first, equal siblings as one."""
    found: dict[int, list[dict[str, Any]]] = {}
    for group in grouped(lineage).groups:
        member = lineage.members[group.id]
        if member.is_run and member.generation < 0:
            told = {"what": group.label, "kind": group.kind, "runs": list(group.members)}
            found.setdefault(-member.generation, []).append(told)
    return [found[number] for number in sorted(found)]


def _branches(
    root: str, groups: Mapping[str, Group], near: Mapping[str, Sequence[str]], lineage: Lineage
) -> Iterator[str]:
    """The lines below a root, deepest branches first told; without recursion, for long lineages."""
    told = {root}
    stack: list[tuple[str, Iterator[tuple[bool, str]]]] = [("", _last(near.get(root, ())))]
    while stack:
        indent, rest = stack[-1]
        step = next(rest, None)
        if step is None:
            stack.pop()
            continue
        last, name = step
        again = name in told and name in near
        line = _line(groups[name], lineage)
        yield f"{indent}{'└─' if last else '├─'} {line}{'  (told above)' if again else ''}"
        if name not in told:
            told.add(name)
            stack.append((indent + ("   " if last else "│  "), _last(near.get(name, ()))))


def _last(names: Sequence[str]) -> Iterator[tuple[bool, str]]:
    return ((number == len(names), name) for number, name in enumerate(names, 1))


def _line(group: Group, lineage: Lineage) -> str:
    member = lineage.members[group.id]
    if len(group) > 1:
        return printable(group.title)
    label = printable(group.label)
    kind = _KINDS.get(member.kind, "")
    if member.is_run:
        own = "" if member.name == member.id else f"  {member.id}"
        return f"{kind or 'run '}{label}{own}  {member.facts.get('status') or ''}".rstrip()
    return f"{kind}{label}  {member.id[:12]}"
