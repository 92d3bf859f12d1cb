"""A store with a year of records of tasks, nested as smttask nests them."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from whence.store import Store

STATUSES = ("completed", "completed", "completed", "failed", "terminated")

# Records that texts about finding records name by their labels.
LABELLED = (
    "20201118-212254_c2c6ab",
    "20201119-095543_8b5fc1",
    "20201119-090726_a8a2b0",
    "20201119-075320_7b84e7",
    "20201119-042150_e177c4",
)
MU = [-3.4729471730413772, -0.13678844546243388]


def describe(task: str, **inputs: Any) -> dict[str, Any]:
    """The description of a task, as it is recorded."""
    return {"taskname": task, "module": "tasks", "inputs": inputs}


def parameters(number: int, rng: random.Random, mu: list[float] | None = None) -> dict[str, Any]:
    """What a record was given: a model in an optimizer in a task, or as plain values."""
    theta = mu or [round(rng.uniform(-4, 0), 3), round(rng.uniform(-1, 1), 3)]
    values = {"params": {"μtilde": theta, "σ": rng.choice([0.1, 0.2])}, "dt": 0.5}
    plain = mu is None and number % 4 == 0
    model = values if plain else describe("Model", **values)
    optimizer = {"model": model, "lr": rng.choice([1e-3, 1e-4]), "steps": 100 * (number % 5 + 1)}
    nested = optimizer if plain else describe("Optimizer", **optimizer)
    task = describe("OptimizeModel", optimizer=nested, seed=number % 7)
    return {**task, "reason": f"run {number % 3}"}


def write(store: Store, number: int, label: str, facts: dict[str, Any]) -> str:
    """One record, as an import would write it; gives its id."""
    run = f"{label.replace('-', 'T')[:15]}{number:07d}"
    writer = store.writer()
    writer.append("set", run, {"f": {"kind": "task", "label": label, **facts}})
    writer.append("tags", run, {"add": [f"batch{number % 10}"], "remove": []})
    if number % 2:
        output = {"name": "θ.json", "category": "output", "digest": f"{number:064x}"}
        path = f"OptimizeModel/{label}.json"
        writer.append("artifact", run, {**output, "size": 9, "path": path})
    return run


def history(store: Store, records: int = 300, seed: int = 1) -> list[str]:
    """Fill a store with records that are spread over the year 2020; gives their ids."""
    rng = random.Random(seed)
    ids = []
    for number in range(records):
        day = dt.datetime(2020, 1, 1) + dt.timedelta(days=rng.randrange(366))
        if number < 12:
            day = dt.datetime(2020, 11, 10)
        moment = day + dt.timedelta(seconds=rng.randrange(86400))
        label = f"{moment:%Y%m%d-%H%M%S}_{rng.randrange(16**6):06x}"
        status = "completed" if number < 12 else STATUSES[rng.randrange(len(STATUSES))]
        ids.append(write(store, number, label, _facts(number, rng, moment, status)))
    for number, label in enumerate(LABELLED, records):
        moment = dt.datetime.strptime(label[:15], "%Y%m%d-%H%M%S")
        facts = _facts(number, rng, moment, "completed", MU if number % 2 == 0 else None)
        if label.endswith("a8a2b0"):
            facts["params"] = parameters(1, rng, MU)
        ids.append(write(store, number, label, facts))
    return ids


def _facts(
    number: int, rng: random.Random, moment: dt.datetime, status: str, mu: Any = None
) -> dict[str, Any]:
    created = moment.timestamp()
    took = rng.uniform(1, 15) * 3600
    return {
        "name": f"fit {number}",
        "status": status,
        "params": parameters(number, rng, mu),
        "created": created,
        "started": created,
        "ended": created + took,
        "reason": [f"Fit number {number}.", "With the second model."],
        "outcome": "" if number % 3 else "converged",
        "main_file": "tasks.py",
        "script_arguments": "OptimizeModel",
        "task_name": "OptimizeModel",
        "version": f"{number % 3:x}" * 40,
        "user": ("ada", "grace")[number % 2],
    }
