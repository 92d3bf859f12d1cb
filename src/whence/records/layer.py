"""The columns of a drawing from left to right, whatever circles there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

Edge = tuple[str, str]


def layers(
    nodes: Collection[str], edges: Iterable[Edge], even: Collection[str] | None = None
) -> dict[str, int]:
    """The column of each node: right of all that lead to it, and no further left than needed.

    An edge that would close a circle is taken for one in the other direction.

    Parameters
    ----------
    nodes : collection of str
    edges : iterable of (str, str)
        From and to.
    even : collection of str, optional
        Those that get even columns, where all others are to get odd ones; each edge must join
        one of these with one of the others.

    Examples
    --------
    >>> layers("abcd", [("a", "b"), ("b", "c"), ("d", "c"), ("c", "b")])
    {'a': 0, 'b': 1, 'c': 2, 'd': 1}
    """
    ahead = dict.fromkeys(forward(nodes, edges))
    before: dict[str, list[str]] = {node: [] for node in nodes}
    after: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in ahead:
        before[target].append(source)
        after[source].append(target)
    parity = {node: int(even is not None and node not in even) for node in nodes}
    order = _sorted(before, after)
    found: dict[str, int] = {}
    for node in order:
        found[node] = max((found[source] + 1 for source in before[node]), default=parity[node])
    for node in reversed(order):
        if not before[node] and after[node]:
            found[node] = min(found[target] for target in after[node]) - 1
    least = min(found.values(), default=0)
    least -= 0 if even is None else least % 2
    return {node: found[node] - least for node in nodes}


def forward(nodes: Iterable[str], edges: Iterable[Edge]) -> Iterator[Edge]:
    """The edges, with those turned round that close a circle when followed in order."""
    after: dict[str, list[str]] = {node: [] for node in nodes}
    sources = dict.fromkeys(after)
    for source, target in edges:
        after[source].append(target)
        sources.pop(target, None)
    done: set[str] = set()
    for start in (*sources, *after):
        if start in done:
            continue
        path = {start: iter(after[start])}
        while path:
            node, rest = next(reversed(path.items()))
            for target in rest:
                if target in path:
                    if target != node:
                        yield target, node
                    continue
                yield node, target
                if target not in done:
                    path[target] = iter(after[target])
                    break
            else:
                done.add(node)
                path.popitem()


def _sorted(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> list[str]:
    """Each node after all that lead to it."""
    waiting = {node: len(sources) for node, sources in before.items()}
    ready = [node for node, count in waiting.items() if not count]
    for node in ready:
        for target in after[node]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return ready
