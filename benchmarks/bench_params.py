"""Points of a parameter space against the least that any program must do for them.

The floor is `itertools.product` over the values, and for each combination the nested dicts that
hold a varying value built anew by hand.
"""

import itertools
from collections import deque
from collections.abc import Iterator
from typing import Any

from pair import Pair

SIZES = (10, 100, 100)
ABM = {"num_steps": 100, "num_agents": 42, "init": {"energy": 1.0}, "iterate": {"p_eat": 0.1}}
WALK = {"initial_state": 0.0, "num_steps": 1023}


def by_hand() -> Iterator[tuple[int, dict[str, Any]]]:
    for number, (seed, step, size) in enumerate(itertools.product(*map(range, SIZES))):
        params = {
            "abm": {**ABM, "size": size},
            "random_walk": {**WALK, "max_step_size": step},
            "seed": seed,
        }
        yield number, params


def gone_through(iterator: Iterator[Any]) -> None:
    deque(iterator, maxlen=0)


def pairs() -> Iterator[Pair]:
    from whence.params import ParamDim, ParamSpace, flatten, varied_and_constant

    seed, step, size = (ParamDim(default=0, range=[n]) for n in SIZES)
    space = ParamSpace(
        {
            "abm": {**ABM, "size": size},
            "random_walk": {**WALK, "max_step_size": step},
            "seed": seed,
        }
    )
    runs = [point.params for point in itertools.islice(space.points(), 10_000)]
    numbers = [point.state_no for point in itertools.islice(space.points(), 0, None, 100)]

    def floor() -> None:
        gone_through(by_hand())

    yield Pair(f"points() of {space.volume}", lambda: gone_through(space.points()), floor, rounds=5)
    yield Pair(
        "iterator(with_info='state_no_str')",
        lambda: gone_through(space.iterator(with_info="state_no_str")),
        floor,
        rounds=5,
    )
    yield Pair(
        "iterator(omit_pt=True)",
        lambda: gone_through(space.iterator(with_info="state_no", omit_pt=True)),
        floor,
        rounds=5,
    )
    yield Pair(f"point(state_no), {len(numbers)} of them", lambda: [*map(space.point, numbers)])
    yield Pair(f"varied_and_constant of {len(runs)} runs", lambda: varied_and_constant(runs))
    yield Pair(f"flatten, {len(runs)} runs", lambda: [*map(flatten, runs)])
