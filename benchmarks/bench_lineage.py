"""What lineage costs: ten generations up in a store of 100,000 runs and 500,000 artifacts.

Each run takes in its code and two outputs of earlier runs, and puts two out; `LINEAGE_RUNS=5000`
makes a smaller store. The floor is one recursive query over the same tables that gives the same
rows; both begin with a run of the last generation.
"""

import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pair import Pair

RUNS = int(os.environ.get("LINEAGE_RUNS", "100_000"))
WIDTH = RUNS // 100  # runs in a generation
WRITERS = 20

BY_HAND = """
WITH RECURSIVE up (run, generation) AS (
    SELECT key, 0 FROM run WHERE id = ?
    UNION
    SELECT o.run, generation - 1 FROM up
    CROSS JOIN artifact AS i ON i.run = up.run AND i.category IN ('code', 'input')
    CROSS JOIN artifact AS o ON o.digest = i.digest AND o.category = 'output'
    WHERE generation > -10),
near (run, generation) AS (SELECT run, max(generation) FROM up GROUP BY run)
SELECT generation, r.id, r.kind, r.name, r.status, r.created, a.category, a.name, a.digest,
    a.type, a.size
FROM near CROSS JOIN run AS r ON r.key = near.run CROSS JOIN artifact AS a ON a.run = near.run
WHERE a.category IN ('code', 'input') OR a.digest IN (
    SELECT i.digest FROM near AS n CROSS JOIN artifact AS i ON i.run = n.run
    WHERE i.category IN ('code', 'input') AND n.generation > -10)
"""


def fill(folder: Path) -> str:
    """Generation upon generation; gives a run of the last one."""
    from whence.base.clock import new_id
    from whence.base.digest import digest_bytes
    from whence.store import Store

    rng = random.Random(1)
    code = digest_bytes(b"code")
    before: list[str] = []
    now: list[str] = []
    run = ""
    for number in range(RUNS):
        if number % (RUNS // WRITERS) == 0:
            store = Store.open(folder)
            writer = store.writer()
        if number % WIDTH == 0:
            before, now = now, []
        run, place = new_id(1.7e9 + number), number % WIDTH
        fields = {"kind": "run", "name": f"run {number}", "status": "completed",
                  "created": time.time(), "params": {"number": number}}  # fmt: skip
        writer.append("set", run, {"f": fields})

        def attach(name: str, category: str, digest: str, of: str = run) -> None:
            told: dict[str, Any] = {"name": name, "category": category, "digest": digest}
            told |= {"type": "application/x-npy", "size": 800, "kept": "reference"}
            writer.append("artifact", of, told)  # noqa: B023

        attach("step.py", "code", code)
        # Each goes on from its predecessor and from any other of that generation.
        for index, step in enumerate((0, rng.randrange(WIDTH)) if before else ()):
            attach(f"in{index}.npy", "input", before[2 * ((place + step) % WIDTH) + index])
        for name in ("guesses.npy", "closest.npy"):
            now.append(digest_bytes(f"{number} {name}".encode()))
            attach(name, "output", now[-1])
        if number % (RUNS // WRITERS) == RUNS // WRITERS - 1:
            writer.close()
    return run


def pairs() -> Iterator[Pair]:
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("WHENCE_CACHE")
        os.environ["WHENCE_CACHE"] = folder + "/cache"
        try:
            yield from measured(Path(folder, "store"))
        finally:
            del os.environ["WHENCE_CACHE"]
            if before is not None:
                os.environ["WHENCE_CACHE"] = before


def measured(folder: Path) -> Iterator[Pair]:
    from whence.records import Lineage, Records
    from whence.store import Store

    store = Store.create(folder)
    run = fill(folder)
    records = Records(store)
    connection = records.connection

    def ours() -> list[tuple[Any, ...]]:
        return Lineage(records, [run]).upstream(10).rows()

    def by_hand() -> list[tuple[Any, ...]]:
        return connection.execute(BY_HAND, (run,)).fetchall()

    assert sorted(ours(), key=repr) == sorted(by_hand(), key=repr)
    what = f"lineage, 10 generations up, {len(ours())} links among {RUNS} runs"
    yield Pair(what, ours, by_hand, rounds=15, reach=1.5, within=0.05)
    size = len(Lineage(records, [run], up=10, down=-1))
    yield Pair(
        f"the same as plain data, {size} members",
        lambda: Lineage(records, [run]).upstream(10).as_dict(),
        by_hand,
    )
    records.connection.close()
