"""What recording costs while a simulation runs: metric points, and whole small runs."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from pair import Pair

LINES = 20_000
RUNS = 1000


def writing(file: Path, line: bytes) -> Callable[[], object]:
    """The floor: the same bytes with one `write` each, and no store."""

    def write() -> None:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for _ in range(LINES):
            os.write(descriptor, line)
        os.close(descriptor)

    return write


def metrics(folder: Path, names: int, reach: float) -> Iterator[Pair]:
    from whence.base.clock import new_id
    from whence.store import Store

    store = Store.create(folder)
    log, run = store.writer().metrics, new_id()
    values = {f"metric{i}": 0.123456789 * (i + 1) for i in range(names)}

    def ours() -> None:
        for step in range(LINES):
            log(run, step, 1234.5678, 1732157877.361412, values)

    ours()
    journal = next(store.root.glob("journals/*/*.metrics.jsonl"))
    floor = writing(folder / "floor", journal.read_bytes().splitlines(keepends=True)[-2])
    what = f"log {LINES} metric points of {names} value{'s' if names > 1 else ''}"
    yield Pair(what, ours, floor, reach=reach, within=LINES * 3e-6 if names == 1 else None)
    store.writer().close()


def runs(folder: Path) -> Iterator[Pair]:
    """Runs of ten parameters, by their five lines, in one process."""
    from whence.store import Store

    writer = Store.create(folder).writer()
    params = {f"p{i}": i * 0.1 for i in range(10)}
    numbers, turns = count(), count()

    def ours() -> None:
        for _ in range(RUNS):
            run = f"20261121T021757{next(numbers):07d}"
            fields = {"kind": "run", "status": "created", "name": run, "params": params}
            writer.append("set", run, {"f": fields})
            writer.append("tags", run, {"add": ["a", "b"]})
            writer.append("meta", run, {"m": {"campaign": 3}})
            writer.append("set", run, {"f": {"status": "running", "started": time.time()}})
            writer.append("set", run, {"f": {"status": "completed", "ended": time.time()}})

    line = b"x" * 250

    def floor() -> None:
        inner = folder / f"floor{next(turns)}"
        inner.mkdir()
        for i in range(RUNS):
            descriptor = os.open(inner / str(i), os.O_WRONLY | os.O_CREAT)
            for _ in range(5):
                os.write(descriptor, line)
            os.close(descriptor)

    yield Pair(f"journal {RUNS} runs, not synced", ours, floor, within=RUNS * 0.25e-3)
    writer.close()


def pairs() -> Iterator[Pair]:
    with tempfile.TemporaryDirectory() as folder:
        yield from metrics(Path(folder, "one"), 1, 6)
        yield from metrics(Path(folder, "ten"), 10, 8)
        yield from runs(Path(folder, "runs"))
