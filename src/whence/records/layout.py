"""Where the boxes of a layered drawing go, and by which way its lines.

After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system
structures", IEEE Trans. SMC 11 (1981): an edge over several columns goes by a bend in each; the
boxes and bends of a column are ordered by the mean place of their neighbours, and then shifted
towards these as far as order and room allow. All long edges from one box share their bends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from whence.records.layer import Edge

_ROUNDS = 12
Bend = tuple[str, int]
"""The box from which the edges come, and the column."""
Place = str | Bend


@dataclass(frozen=True, slots=True)
class Layout:
    """A drawing, as lengths from its left upper corner.

    Attributes
    ----------
    y : mapping
        The middle of each box.
    bends : mapping
        For each edge over several columns, the height at which it crosses each column between,
        from that of its left end on.
    """

    y: Mapping[str, float]
    bends: Mapping[Edge, tuple[float, ...]]


def arrange(column: Mapping[str, int], edges: Iterable[Edge], *, box: float, bend: float) -> Layout:
    """A layout in which few lines cross and boxes stand near their neighbours.

    Parameters
    ----------
    column : mapping
        The column of each box; within a column boxes begin in this order.
    edges : iterable of (str, str)
        From and to, in either direction.
    box, bend : float
        The height that a box, and a line between boxes, takes.
    """
    rightward = [(a, b) if column[a] <= column[b] else (b, a) for a, b in edges]
    columns, steps = _with_bends(column, rightward)
    left: dict[Place, list[Place]] = {}
    right: dict[Place, list[Place]] = {}
    for source, target in steps:
        right.setdefault(source, []).append(target)
        left.setdefault(target, []).append(source)
    _order(columns, left, right)
    y = _shift(columns, left, right, {False: box, True: bend})
    least = min(y.values(), default=0.0)
    high = {place: middle - least + box / 2 for place, middle in y.items()}
    return Layout(
        {place: middle for place, middle in high.items() if isinstance(place, str)},
        {
            (a, b): tuple(high[a, between] for between in range(column[a] + 1, column[b]))
            for a, b in dict.fromkeys(rightward)
            if column[b] - column[a] > 1
        },
    )


def _with_bends(
    column: Mapping[str, int], edges: Iterable[Edge]
) -> tuple[list[list[Place]], dict[tuple[Place, Place], None]]:
    """The places of each column, and the steps from one column to the next."""
    columns: list[list[Place]] = [[] for _ in range(max(column.values(), default=-1) + 1)]
    for name, number in column.items():
        columns[number].append(name)
    steps: dict[tuple[Place, Place], None] = {}
    bent: set[Place] = set()
    for source, target in edges:
        bends: list[Bend] = [(source, at) for at in range(column[source] + 1, column[target])]
        for bend in bends:
            if bend not in bent:
                bent.add(bend)
                columns[bend[1]].append(bend)
        steps.update(dict.fromkeys(pairwise([source, *bends, target])))
    return columns, steps


def _order(
    columns: list[list[Place]],
    left: Mapping[Place, Sequence[Place]],
    right: Mapping[Place, Sequence[Place]],
) -> None:
    """Sort each column by the mean place of the neighbours, to the right and back, and again."""
    at = {place: float(number) for column in columns for number, place in enumerate(column)}
    best = [list(column) for column in columns]
    fewest = _crossings(columns, right)
    for turn in range(_ROUNDS):
        if not fewest:
            break
        near, course = (left, columns[1:]) if turn % 2 == 0 else (right, columns[-2::-1])
        for column in course:
            mean = {place: _mean(near.get(place, ()), at, at[place]) for place in column}
            column.sort(key=mean.__getitem__)
            at.update((place, float(number)) for number, place in enumerate(column))
        count = _crossings(columns, right)
        if count < fewest:
            fewest, best = count, [list(column) for column in columns]
    columns[:] = best


def _crossings(columns: Sequence[Sequence[Place]], right: Mapping[Place, Sequence[Place]]) -> int:
    """How many pairs of lines cross; counted with a Fenwick tree for each pair of columns."""
    count = 0
    for column, following in pairwise(columns):
        at = {place: number for number, place in enumerate(following)}
        tree = [0] * (len(following) + 1)
        drawn = 0
        for place in column:
            ends = [at[target] for target in right.get(place, ())]
            for end in ends:
                below, index = 0, end + 1
                while index:
                    below += tree[index]
                    index &= index - 1
                count += drawn - below
            for end in ends:
                index = end + 1
                while index < len(tree):
                    tree[index] += 1
                    index += index & -index
            drawn += len(ends)
    return count


def _shift(
    columns: Sequence[Sequence[Place]],
    left: Mapping[Place, Sequence[Place]],
    right: Mapping[Place, Sequence[Place]],
    room: Mapping[bool, float],
) -> dict[Place, float]:
    y: dict[Place, float] = {}
    gaps = []
    for column in columns:
        sizes = [room[not isinstance(place, str)] for place in column]
        gaps.append([(a + b) / 2 for a, b in pairwise(sizes)])
        y.update(_settled(column, [0.0] * len(column), gaps[-1]))
    for turn in range(_ROUNDS):
        order = range(len(columns)) if turn % 2 == 0 else reversed(range(len(columns)))
        sides = (left, right) if turn < _ROUNDS - 2 else (_both(left, right),) * 2
        for number in order:
            near, column = sides[turn % 2], columns[number]
            wanted = [_mean(near.get(place, ()), y, y[place]) for place in column]
            y.update(_settled(column, wanted, gaps[number]))
    return y


def _settled(
    column: Sequence[Place], wanted: Sequence[float], gaps: Sequence[float]
) -> dict[Place, float]:
    """Middles nearest to those wanted, by squares, in order and with room between them.

    By pooling adjacent violators: what would overlap goes on as one block, at the mean of what
    its parts want.
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    blocks: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=False):
        total, count = want - offset, 1
        while blocks and blocks[-1][0] * count >= total * blocks[-1][1]:
            more, several = blocks.pop()
            total, count = total + more, count + several
        blocks.append((total, count))
    free = [total / count for total, count in blocks for _ in range(count)]
    return {place: free[number] + offsets[number] for number, place in enumerate(column)}


def _mean(near: Sequence[Place], at: Mapping[Place, float], none: float) -> float:
    return sum(at[place] for place in near) / len(near) if near else none


def _both(
    left: Mapping[Place, Sequence[Place]], right: Mapping[Place, Sequence[Place]]
) -> dict[Place, list[Place]]:
    return {
        place: [*left.get(place, ()), *right.get(place, ())] for place in left.keys() | right.keys()
    }
