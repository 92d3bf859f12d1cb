"""What the journals of many small runs cost, of one process and of many at once."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import orjson
from pair import Pair

RUNS = 1000
CROWD, EACH = 16, 200


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
            for status, at in (("running", "started"), ("completed", "ended")):
                writer.append("set", run, {"f": {"status": status, at: time.time()}}, sync=True)

    line = b"x" * 250

    def floor() -> None:
        inner = folder / f"floor{next(turns)}"
        inner.mkdir()
        for i in range(RUNS):
            descriptor = os.open(inner / str(i), os.O_WRONLY | os.O_CREAT)
            for _ in range(5):
                os.write(descriptor, line)
            os.close(descriptor)

    yield Pair(f"journal {RUNS} runs", ours, floor, within=RUNS * 0.25e-3)
    writer.close()


def facts_of_runs(who: int, turn: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What is said of each run of one process: operation, id and facts."""
    for number in range(EACH):
        run = f"{who:011d}{turn:04d}{number:07d}"
        params = {f"p{i}": i * 0.1 for i in range(10)}
        yield "set", run, {"f": {"kind": "run", "name": run, "params": params}}
        yield "tags", run, {"add": ["a", "b"]}
        yield "meta", run, {"m": {"campaign": 3}}
        for status, at in (("running", "started"), ("completed", "ended")):
            yield "set", run, {"f": {"status": status, at: time.time()}}


def crowd(folder: Path) -> Iterator[Pair]:
    """Many processes at once; in the floor each makes the same lines and writes them to a file.

    Both bring what they wrote to the disk before they end.
    """
    from whence.store import Store

    store = Store.create(folder)
    turns = count()

    def record(who: int, turn: int) -> None:
        writer = store.writer()
        for op, run, facts in facts_of_runs(who, turn):
            writer.append(op, run, facts, sync="status" in facts.get("f", ()))
        writer.close()

    def write(who: int, turn: int) -> None:
        descriptor = os.open(folder / f"floor-{who}-{turn}", os.O_WRONLY | os.O_CREAT)
        for number, (op, run, facts) in enumerate(facts_of_runs(who, turn)):
            line = {"n": number, "lc": 0, "t": time.time(), "op": op, "of": run, **facts}
            os.write(descriptor, orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        os.fsync(descriptor)
        os.close(descriptor)

    record(0, 9999)

    def at_once(work: Callable[[int, int], None]) -> None:
        turn = next(turns)
        children = []
        for who in range(CROWD):
            child = os.fork()
            if child == 0:
                try:
                    work(who, turn)
                finally:
                    os._exit(0)
            children.append(child)
        for child in children:
            assert os.waitpid(child, 0)[1] == 0

    def ours() -> None:
        at_once(record)

    yield Pair(
        f"{CROWD} processes, {EACH} runs each, into one store",
        ours,
        lambda: at_once(write),
        reach=2,
    )
    found = len(store.index().ids())
    assert found % (CROWD * EACH) == EACH, found
    assert store.verify().sound
    store.index().close()


def pairs() -> Iterator[Pair]:
    with tempfile.TemporaryDirectory() as folder:
        yield from runs(Path(folder, "runs"))
        yield from crowd(Path(folder, "crowd"))
