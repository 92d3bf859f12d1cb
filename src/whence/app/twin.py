"""Which of the runs that a script made again is which of those it made before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from whence.base.escape import decode
from whence.runs.fact import again
from whence.store import Store

State = Mapping[str, Any]
_Trait = Callable[[State], Any]


def siblings(store: Store, run: str) -> list[State]:
    """The runs that the process of a run has made, itself among them, in their order."""
    one = store.index().state(run)
    rows = store.index().connection.execute(
        "SELECT id FROM run WHERE writer = ? AND kind = 'run' ORDER BY created, id",
        (one.get("writer"),),
    )
    found: list[State] = [store.index().state(str(row[0])) for row in rows.fetchall()]
    made = [state for state in found if state.get("process") == one.get("process")]
    return made if any(state["id"] == run for state in made) else [one]


def twin(run: str, before: Sequence[State], after: Sequence[State]) -> State | None:
    """What a run has become: of those with its name and parameters the one in its place.

    Where its script gives other names or parameters each time, the place among all counts.

    Parameters
    ----------
    run : str
        The id of one of `before`.
    before, after : sequence of State
        What a script made, and what it made when it ran again, each in order.
    """
    (one,) = (state for state in before if state["id"] == run)
    traits: tuple[_Trait, ...] = (lambda state: (_name(state), state.get("params")), _name, _any)
    for trait in traits:
        olds = [state["id"] for state in before if trait(state) == trait(one)]
        news = [state for state in after if trait(state) == trait(one)]
        if olds.index(run) < len(news):
            return news[olds.index(run)]
    return None


def _name(state: State) -> Any:
    return again(decode(state.get("name")))


def _any(state: State) -> Any:
    return None
