"""A store with a year of records of a task, nested as smttask nests them."""

from __future__ import annotations

import datetime as dt
import importlib.util
import random
from typing import Any

from whence.store import Store
from whence.tasks import RecordedTask

STATUSES = ("completed", "completed", "completed", "failed", "terminated")

# Records that texts about finding records name by their labels.
LABELLED = (
    "20201118-212254_c2c6ab",
    "20201119-095543_8b5fc1",
    "20201119-090726_a8a2b0",
    "20201119-075320_7b84e7",
    "20201119-042150_e177c4",
)
_BUSY = dt.datetime(2020, 11, 10)
MU = [-3.4729471730413772, -0.13678844546243388]


_TASKS = """
from typing import Any
from whence import Run

def OptimizeModel(
    taskname: str, module: str, inputs: dict[str, Any], reason: str = ""
) -> dict[str, Any]:
    return {"run": Run().id, "seed": inputs["seed"]}
"""


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


def task_of(store: Store) -> RecordedTask[..., Any]:
    """The task, of a module of the project: what it imports is its code, and is looked through."""
    path = store.project / "tasks.py"
    path.write_text(_TASKS)
    spec = importlib.util.spec_from_file_location("tasks", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return RecordedTask(module.OptimizeModel, store)


def record(
    task: RecordedTask[..., Any], store: Store, given: dict[str, Any], facts: dict[str, Any]
) -> str:
    """One call of the task, put back to the time that the facts tell; gives its id."""
    run: str = task.run(**given)["run"]
    number = int(facts["name"].split()[-1])
    writer = store.writer()
    writer.append("set", run, {"f": facts})
    writer.append("tags", run, {"add": [f"batch{number % 10}"], "remove": []})
    if number % 2:
        output = {"name": "θ.json", "category": "output", "digest": f"{number:064x}"}
        path = f"OptimizeModel/{facts['label']}.json"
        writer.append("artifact", run, {**output, "size": 9, "path": path})
    return run


def history(store: Store, records: int = 300, seed: int = 1) -> list[str]:
    """Call a task so often, and put the records back into the year 2020; gives their ids."""
    rng, task = random.Random(seed), task_of(store)
    ids = []
    for number in range(records):
        day = dt.datetime(2020, 1, 1) + dt.timedelta(days=rng.randrange(366))
        if number < 12 or day == _BUSY:
            day = _BUSY if number < 12 else day + dt.timedelta(days=1)
        moment = day + dt.timedelta(seconds=rng.randrange(86400))
        label = f"{moment:%Y%m%d-%H%M%S}_{rng.randrange(16**6):06x}"
        status = "completed" if number < 12 else STATUSES[rng.randrange(len(STATUSES))]
        given = parameters(number, rng)
        ids.append(record(task, store, given, _facts(number, rng, moment, status, label)))
    for number, label in enumerate(LABELLED, records):
        moment = dt.datetime.strptime(label[:15], "%Y%m%d-%H%M%S")
        mu = MU if number % 2 == 0 or label.endswith("a8a2b0") else None
        given = parameters(1 if label.endswith("a8a2b0") else number, rng, mu)
        ids.append(record(task, store, given, _facts(number, rng, moment, "completed", label)))
    return ids


def _facts(
    number: int, rng: random.Random, moment: dt.datetime, status: str, label: str
) -> dict[str, Any]:
    created = moment.timestamp()
    took = rng.uniform(1, 15) * 3600
    return {
        "name": f"fit {number}",
        "status": status,
        "label": label,
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
