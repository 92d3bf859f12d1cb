"""What the graph costs beside the work itself: many trivial steps, results found again, a sweep."""

import operator
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from pair import Pair

NODES = 10_000


def chains(cache: object = None) -> Callable[[], object]:
    """10,000 additions in chains of two, built and evaluated."""
    from whence.transform import Graph, Step

    def work() -> None:
        graph = Graph()
        for i in range(NODES // 2):
            first = graph.add("add", [i, 1])
            graph.add("add", [first, 2], step=Step(tag=f"t{i}"))
        graph.evaluate(cache=cache)

    return work


def delayed() -> None:
    """The same with dask.delayed."""
    import dask

    add = dask.delayed(operator.add, pure=False)
    dask.compute([add(add(i, 1), 2) for i in range(NODES // 2)], scheduler="sync")


def plainly() -> None:
    for i in range(NODES // 2):
        operator.add(operator.add(i, 1), 2)


def pairs() -> Iterator[Pair]:
    from whence.transform import DiskCache

    yield Pair(f"{NODES} trivial steps, beside plain Python", chains(), plainly, within=0.1)
    yield Pair(
        f"{NODES} trivial steps, beside dask.delayed", chains(), delayed, rounds=3, reach=0.1
    )
    with tempfile.TemporaryDirectory() as folder:
        cache = DiskCache(Path(folder) / "cache")
        chains(cache)()
        yield Pair(f"{NODES} results found on disk", chains(cache), chains(), rounds=3)
        array = np.random.default_rng(1).random(1_000_000)
        np.save(Path(folder) / "floor.npy", array)

        key = "0" * 64
        cache.put(key, array, 1.0)
        cache.flush()
        yield Pair(
            "an array of 8 MB found on disk",
            lambda: cache.get(key),
            lambda: np.load(Path(folder) / "floor.npy"),
            reach=4,
        )
        cache.close()
