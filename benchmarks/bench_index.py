"""What finding costs with 100,000 runs of ten parameters and three tags on record.

The floor of a rebuild reads the same journals with orjson and inserts the same rows into the same
tables with `executemany`; that of a refresh is one `stat` of each journal.
"""

import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from pair import Pair

RUNS = 100_000
WRITERS = 100
TODAY = 20_000  # writers of one day, for the refresh


def fill(folder: Path) -> None:
    from whence.base.clock import new_id
    from whence.store import Store

    rng = random.Random(1)
    for number in range(RUNS):
        if number % (RUNS // WRITERS) == 0:
            writer = Store.open(folder).writer()
        run = new_id(1.7e9 + number)
        params: dict[str, Any] = {f"p{i}": rng.randrange(1000) for i in range(5)}
        params |= {f"q{i}": rng.random() for i in range(4)} | {"model": f"m{number % 7}"}
        now = time.time()
        fields = {"kind": "run", "name": f"run {number}", "status": "running", "created": now}
        writer.append("set", run, {"f": fields | {"params": params, "started": now}})
        writer.append("tags", run, {"add": [f"t{number % 10}", f"u{number % 100}", "all"]})
        writer.append("set", run, {"f": {"status": "completed", "ended": now}})
        if number % (RUNS // WRITERS) == RUNS // WRITERS - 1:
            writer.close()


def read(journals: Path) -> dict[str, dict[str, Any]]:
    states: dict[str, dict[str, Any]] = {}
    for file in sorted(journals.glob("*/*.jsonl")):
        for row in file.read_bytes().splitlines():
            line = orjson.loads(row)
            if "of" in line:
                state = states.setdefault(line["of"], {"tags": []})
                state.update(line.get("f", {}))
                state["tags"] += line.get("add", [])
                state["lc"] = line["lc"]
    return states


def rebuild_floor(journals: Path, file: Path) -> None:
    from whence.store import schema

    file.unlink(missing_ok=True)
    db = sqlite3.connect(file, isolation_level=None)
    for statement in ("PRAGMA synchronous = OFF", "PRAGMA cache_size = -200000", "BEGIN"):
        db.execute(statement)
    for statement in schema.TABLES.split(";"):
        db.execute(statement)
    runs, texts, tags, params = [], [], [], []
    names: dict[str, int] = {}
    for key, (run, state) in enumerate(read(journals).items()):
        state["deleted"] = 0
        runs.append((key, run, *[state.get(name) for name in schema.RUN_COLUMNS]))
        texts.append((key, orjson.dumps(state).decode()))
        tags.extend([(tag, key) for tag in state["tags"]])
        for name, value in state["params"].items():
            number = names.setdefault(name, len(names) + 1)
            params.append((key, number, *((None, value) if name == "model" else (value, None))))
    marks = ",".join("?" * (len(schema.RUN_COLUMNS) + 2))
    db.executemany(f"INSERT INTO run VALUES ({marks})", runs)
    db.executemany("INSERT INTO state VALUES (?, ?)", texts)
    db.executemany("INSERT INTO tag VALUES (?, ?)", tags)
    db.executemany("INSERT INTO param VALUES (?, ?, ?, ?)", params)
    named = [(key, "param", name, name) for name, key in names.items()]
    db.executemany("INSERT INTO name VALUES (?, ?, ?, ?)", named)
    for statement in schema.INDEXES.split(";"):
        db.execute(statement)
    db.execute("COMMIT")
    db.close()


PARAM = "SELECT run FROM param WHERE name = (SELECT id FROM name WHERE name = '{}') AND {}"
QUERIES = {
    "tags": "SELECT run FROM tag WHERE tag = 't3' INTERSECT SELECT run FROM tag WHERE tag = 'u33'",
    "params(eq)": PARAM.format("p1", "num = 7")
    + " INTERSECT "
    + PARAM.format("model", "text = 'm3'"),
    "params(gt, lt)": PARAM.format("q1", "num > 0.5 AND num < 0.55")
    + " INTERSECT "
    + PARAM.format("p2", "num > 900"),
    "newest 50": "SELECT id FROM run WHERE deleted = 0 ORDER BY created DESC LIMIT 50",
}


def found(folder: Path) -> Iterator[Pair]:
    from whence.base.clock import new_id
    from whence.store import Store

    store = Store.create(folder)
    fill(folder)
    index = store.index()
    journals = store.root / "journals"
    files = list(journals.glob("*/*"))
    yield Pair(
        f"rebuild the index of {RUNS} runs",
        index.rebuild,
        lambda: rebuild_floor(journals, folder / "floor.sqlite"),
        rounds=3,
        reach=1.5,
    )

    def stats() -> None:
        for file in files:
            os.stat(file)

    writer, run = store.writer(), index.ids()[5]

    def added() -> None:
        writer.append("set", new_id(), {"f": {"kind": "run", "params": {"p1": 1}}})
        index.refresh()

    def grown() -> None:
        writer.append("event", run, {"message": "x"})
        index.refresh()

    yield Pair("refresh, one run added", added, stats, within=0.03)
    yield Pair("refresh, one live run grown", grown, stats, within=0.03)
    for name, sql in QUERIES.items():
        yield Pair(f"{name}: the SQL by hand", lambda: index.connection.execute(sql).fetchall(),  # noqa: B023
                   within=0.02)  # fmt: skip
    writer.close()
    index.close()


def today(folder: Path) -> Iterator[Pair]:
    """A run each by many processes on one day."""
    from whence.store import Store

    store = Store.create(folder)
    for number in range(TODAY):
        writer = Store.open(folder).writer()
        writer.append("set", f"r{number}", {"f": {"kind": "run"}})
        writer.close()
    index = store.index()
    numbers = iter(range(10**6))

    def another() -> None:
        writer = Store.open(folder).writer()
        writer.append("set", f"new{next(numbers)}", {"f": {"kind": "run"}})
        index.refresh()
        writer.close()

    (day,) = store.root.glob("journals/*")
    what = f"refresh, {TODAY} writers of today"
    yield Pair(f"{what}, unchanged", index.refresh, lambda: os.listdir(day), within=0.02)
    yield Pair(f"{what}, a new one", another, lambda: os.listdir(day), within=0.03)
    index.close()


def pairs() -> Iterator[Pair]:
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("WHENCE_CACHE")
        os.environ["WHENCE_CACHE"] = folder + "/cache"
        try:
            yield from found(Path(folder, "found"))
            yield from today(Path(folder, "today"))
        finally:
            del os.environ["WHENCE_CACHE"]
            if before is not None:
                os.environ["WHENCE_CACHE"] = before
