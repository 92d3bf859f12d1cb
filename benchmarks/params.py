"""Points of a parameter space against the least that any program must do for them.

    python benchmarks/params.py [POINTS_PER_DIMENSION ...]     (default: 10 100 100)

The floor is `itertools.product` over the values, and for each combination the nested dicts that
hold a varying value built anew by hand. All cases run in turn in one process; medians of five.
"""

import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from whence.params import ParamDim, ParamSpace, varied_and_constant

ROUNDS = 5
ABM = {"num_steps": 100, "num_agents": 42, "init": {"energy": 1.0}, "iterate": {"p_eat": 0.1}}


def space_of(sizes: list[int]) -> ParamSpace:
    seed, step, size = (ParamDim(default=0, range=[n]) for n in sizes)
    return ParamSpace(
        {
            "abm": {**ABM, "size": size},
            "random_walk": {"initial_state": 0.0, "num_steps": 1023, "max_step_size": step},
            "seed": seed,
        }
    )


def floor(sizes: list[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    walk = {"initial_state": 0.0, "num_steps": 1023}
    combinations = itertools.product(*map(range, sizes))
    for number, (seed, step, size) in enumerate(combinations):
        params = {
            "abm": {**ABM, "size": size},
            "random_walk": {**walk, "max_step_size": step},
            "seed": seed,
        }
        yield number, params


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def drain(iterator: Iterator[Any]) -> None:
    for _ in iterator:
        pass


def main(arguments: list[str]) -> None:
    sizes = [int(argument) for argument in arguments] or [10, 100, 100]
    space = space_of(sizes)
    runs = [point.params for point in itertools.islice(space.points(), 10_000)]
    numbers = [point.state_no for point in itertools.islice(space.points(), 0, None, 100)]
    cases: dict[str, Callable[[], object]] = {
        "floor: product and dicts by hand": lambda: drain(floor(sizes)),
        "points()": lambda: drain(space.points()),
        "iterator(with_info='state_no_str')": lambda: drain(
            space.iterator(with_info="state_no_str")
        ),
        "iterator(omit_pt=True)": lambda: drain(space.iterator(with_info="state_no", omit_pt=True)),
        f"point(state_no), {len(numbers)} of them": lambda: [space.point(n) for n in numbers],
        f"varied_and_constant, {len(runs)} runs": lambda: varied_and_constant(runs),
    }
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, work in cases.items():
            taken[name].append(seconds(work))
    least = statistics.median(next(iter(taken.values())))
    print(f"{space.volume} points ({' x '.join(map(str, sizes))})")
    for name, values in taken.items():
        median = statistics.median(values)
        print(f"{name:40s} {median * 1e3:8.1f} ms {median / least:6.1f} x floor")


if __name__ == "__main__":
    main(sys.argv[1:])
