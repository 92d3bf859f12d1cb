"""Members of a lineage that stand alike: made alike, from alike, used alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from whence.records.layer import layers

if TYPE_CHECKING:
    from whence.records.lineage import Lineage, Member

FEWEST = 4
"""So many equal siblings, or more, are told as one."""

CROWD = 24
"""In a layer of more than so many groups, siblings are equal whatever their names."""

_WORDS = {
    "run": "runs",
    "sweep": "sweeps",
    "evaluation": "evaluations",
    "task": "tasks",
    "code": "code files",
    "artifact": "files",
}


@dataclass(frozen=True, slots=True)
class Group:
    """One member, or several equal siblings.

    Attributes
    ----------
    id : str
        That of its first member.
    kind : str
        What its members are.
    label : str
        The name of its one member, else what they are: ``32 runs of melt``.
    note : str
        The first and last names of several that have several: ``sim_12 … sim_43``.
    members : tuple of str
        Their ids, in the order of their names.
    layer : int
        Its column, from 0 at the left; contents have even ones.
    """

    id: str
    kind: str
    label: str
    note: str
    members: tuple[str, ...]
    layer: int

    @property
    def title(self) -> str:
        """The label with the note."""
        return f"{self.label}: {self.note}" if self.note else self.label

    def __len__(self) -> int:
        return len(self.members)


@dataclass(frozen=True, slots=True)
class Grouped:
    """A lineage as groups, and which group led to which.

    Attributes
    ----------
    groups : tuple of Group
        By layer.
    edges : tuple of (str, str)
        Ids of groups, each pair once, in the direction of time and the order of the groups.
    """

    groups: tuple[Group, ...]
    edges: tuple[tuple[str, str], ...]


def grouped(lineage: Lineage, collapse: bool = True) -> Grouped:
    """The lineage with equal siblings collapsed; a few that were asked for stay alone."""
    members = lineage.members
    pairs = dict.fromkeys((link.source, link.target) for link in lineage.links)
    layer = layers(members, pairs, {name for name in members if not members[name].is_run})
    parts = [[name] for name in members]
    if collapse:
        roots = lineage.roots
        parts = _parts(members, pairs, layer, set(roots) if len(roots) < FEWEST else set())
    groups = []
    of: dict[str, str] = {}
    for same in parts:
        same.sort(key=lambda name: natural(members[name].name))
        group = Group(
            same[0],
            members[same[0]].kind,
            *_told([members[name] for name in same], members),
            tuple(same),
            layer[same[0]],
        )
        groups.append(group)
        of.update(dict.fromkeys(same, group.id))
    groups.sort(key=lambda group: (group.layer, natural(members[group.id].name)))
    place = {group.id: number for number, group in enumerate(groups)}
    edges = dict.fromkeys((of[source], of[target]) for source, target in pairs)
    inner = sorted(edges, key=lambda edge: (place[edge[0]], place[edge[1]]))
    return Grouped(tuple(groups), tuple(inner))


def natural(text: str) -> tuple[tuple[bool, int, str], ...]:
    """A key that sorts names as people do: ``run 9`` before ``run 10``, both before ``run x``.

    Examples
    --------
    >>> sorted(["run 10", "run 9", "run 09x", "a"], key=natural)
    ['a', 'run 9', 'run 09x', 'run 10']
    """
    parts = re.findall(r"0*([0-9]+)|([^0-9]+)", text)
    # Of numbers without zeros before them the longer one is greater; Python reads no endless ones.
    return tuple((not digits, len(digits), digits or word) for digits, word in parts)


def _parts(
    members: Mapping[str, Member],
    pairs: Collection[tuple[str, str]],
    layer: Mapping[str, int],
    alone: set[str],
) -> list[list[str]]:
    """The members by equal siblings; in crowded layers names make no difference."""
    crowded: set[int] = set()
    while True:
        colour = _alike(members, pairs, layer, alone, crowded)
        found: dict[int, list[str]] = {}
        for name in members:
            found.setdefault(colour[name], []).append(name)
        parts: list[list[str]] = []
        for names in found.values():
            parts += [[name] for name in names] if len(names) < FEWEST else [names]
        counts = Counter(layer[names[0]] for names in parts)
        more = {number for number, count in counts.items() if count > CROWD} - crowded
        if not more:
            return parts
        # Files are often a crowd only because their runs are: runs, in odd layers, go first.
        crowded.add(min(more, key=lambda number: (number % 2 == 0, number)))


def _alike(
    members: Mapping[str, Member],
    pairs: Iterable[tuple[str, str]],
    layer: Mapping[str, int],
    alone: set[str],
    nameless: set[int],
) -> dict[str, int]:
    """A number for each member, the same for equal siblings.

    The coarsest partition in which members of a part are of one kind, layer and (but for the
    nameless layers) family of names, and lead to and come from the same parts: found by splitting
    until nothing splits any more.
    """
    before: dict[str, list[str]] = {name: [] for name in members}
    after: dict[str, list[str]] = {name: [] for name in members}
    for source, target in pairs:
        after[source].append(target)
        before[target].append(source)
    colour = _numbered(
        {
            name: (
                layer[name],
                member.kind,
                "" if layer[name] in nameless else _family(member),
                name if name in alone else "",
            )
            for name, member in members.items()
        }
    )
    count = 0
    while count < (now := len(set(colour.values()))):
        count = now
        colour = _numbered(
            {
                name: (
                    colour[name],
                    frozenset(map(colour.__getitem__, before[name])),
                    frozenset(map(colour.__getitem__, after[name])),
                )
                for name in members
            }
        )
    return colour


def _numbered(colour: Mapping[str, object]) -> dict[str, int]:
    numbers: dict[object, int] = {}
    return {name: numbers.setdefault(told, len(numbers)) for name, told in colour.items()}


def _family(member: Member) -> str:
    """What siblings share in their names: all but numbers and the folder."""
    parent = member.facts.get("parent")
    if member.is_run and parent:
        return str(parent)
    if member.is_run and member.name == member.id:
        return ""
    return _pattern(member.name)


def _pattern(name: str) -> str:
    return re.sub(r"[0-9]+(\.[0-9]+)*", "*", name.rsplit("/", 1)[-1])


def _told(same: Sequence[Member], members: Mapping[str, Member]) -> tuple[str, str]:
    """The label and note of a group."""
    first = same[0]
    if len(same) == 1:
        return first.name, ""
    names = list(dict.fromkeys(member.name.rsplit("/", 1)[-1] for member in same))
    note = f"{names[0]} … {names[-1]}" if names[1:] else ""
    count = f"{len(same)} {_WORDS.get(first.kind, first.kind + 's')}"
    if not first.is_run:
        if len({_pattern(name) for name in names}) > 1:
            return count, note
        return f"{len(same)} × {_pattern(first.name) if note else names[0]}", note
    parent = first.facts.get("parent")
    if parent and all(member.facts.get("parent") == parent for member in same):
        folder, _, _ = first.name.rpartition("/")
        of = members[parent].name if parent in members else folder
        return f"{count} of {of}" if of else f"{count} of one sweep", note
    return count, note
