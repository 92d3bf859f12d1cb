"""What finding costs with 100,000 records, beside the same SQL by hand and the same rows fetched.

The journals are written directly and kept in a temporary folder for the next time; the
environment variable RECORDS sets another number of them.
"""

import os
import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
from pair import Pair

RECORDS = int(os.environ.get("RECORDS", "100000"))
DAY = 86400.0
START = 1.58e9
PARAM = "SELECT run FROM param WHERE name = (SELECT id FROM name WHERE name = '{}') AND {}"
NEWEST = "JOIN run ON run.key = found.run WHERE NOT run.deleted ORDER BY created DESC, run.id DESC"

STATES = (
    "SELECT status, json FROM run JOIN state ON state.run = run.key "
    "WHERE NOT deleted ORDER BY created DESC, id DESC"
)


def fill(folder: Path) -> None:
    """Records of ten parameters and three tags, one line of a journal each and one of tags."""
    from whence.store import Store
    from whence.store.line import seal

    rng = random.Random(1)
    store = Store.create(folder)
    day = store.root / "journals" / "2020-01-26"
    day.mkdir(parents=True)
    with open(day / "20200126T000000benchma.jsonl", "wb") as file:
        check = 0
        for number in range(RECORDS):
            run = f"{20200126 + number // 86400}T{number % 86400:06d}{number:07d}"
            for op, facts in lines(number, rng):
                n = 2 * number + (op == "tags")
                line = {"n": n, "lc": n + 1, "t": START, "op": op, "of": run, **facts}
                text, check = seal(orjson.dumps(line)[:-1], check)
                file.write(text)
        end = {"n": 2 * RECORDS, "lc": 2 * RECORDS + 1, "t": START, "op": "end"}
        file.write(seal(orjson.dumps(end)[:-1], check)[0])


def lines(number: int, rng: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    params: dict[str, Any] = {f"p{i}": rng.randrange(1000) for i in range(5)}
    params |= {f"q{i}": rng.random() for i in range(3)}
    params["model"] = {"name": f"m{number % 7}", "mu": rng.random()}
    created = START + number * 60.0
    yield (
        "set",
        {
            "f": {
                "kind": "run",
                "name": f"run {number}",
                "folder": "/bench",
                "status": ("completed", "failed")[number % 50 == 0],
                "params": params,
                "reason": [f"Try number {number % 100}."],
                "created": created,
                "started": created,
                "ended": created + rng.random() * 1e5,
            }
        },
    )
    yield "tags", {"add": [f"t{number % 100}", f"u{number % 1000}", "all"], "remove": []}


def cached() -> Path:
    folder = Path(tempfile.gettempdir()) / f"whence-bench-records-{os.getuid()}-{RECORDS}"
    if not (folder / "made").exists():
        fill(folder)
        (folder / "made").touch()
    os.environ.setdefault("WHENCE_CACHE", str(folder / "cache"))
    return folder


def by_hand(path: Path, sql: str, values: tuple[Any, ...] = ()) -> Callable[[], list[Any]]:
    db = sqlite3.connect(path)
    db.execute("PRAGMA mmap_size = 268435456")
    db.execute("PRAGMA cache_size = -20000")
    return lambda: db.execute(sql, values).fetchall()


def found(path: Path, sets: str, values: tuple[Any, ...] = ()) -> Callable[[], list[Any]]:
    return by_hand(path, f"SELECT run.id FROM ({sets}) AS found {NEWEST}", values)


def pairs() -> Iterator[Pair]:
    from whence.records import RecordStoreView
    from whence.store import Store

    store = Store.open(cached())
    path = store.index().path
    view = RecordStoreView(store)
    total = f"{RECORDS:,} records"
    tag = found(path, "SELECT run FROM tag WHERE tag = 't33'")
    eq = found(path, PARAM.format("model.name", "text = 'm3'"))
    between = PARAM.format("p2", "num > 500 AND num < 510")
    span = (START + 10 * DAY, START + 30 * DAY)
    dates = "run.created >= ? AND run.created < ?"
    join = f"SELECT run.key AS run FROM ({between}) AS k CROSS JOIN run ON run.key = k.run"
    both = found(path, f"{join} WHERE {dates}", span)
    newest = by_hand(path, f"{STATES} LIMIT 50")

    import datetime as dt

    def range_and_dates() -> Any:
        some = view.filter.params(gt={"p2": 500}, lt={"p2": 510})
        start, end = (dt.datetime.fromtimestamp(moment) for moment in span)
        return some.filter.after(start).filter.before(end).labels()

    assert range_and_dates() == [run for (run,) in both()]
    assert view.filter.tags("t33").labels() == [run for (run,) in tag()]
    limits: dict[str, Any] = {"reach": 1.5, "within": 0.02, "rounds": 21}
    yield Pair(f"tag, of {total}", lambda: view.filter.tags("t33").labels(), tag, **limits)
    yield Pair(
        "params(eq)", lambda: view.filter.params({"model.name": "m3"}).labels(), eq, **limits
    )
    yield Pair("params(gt, lt) and date range", range_and_dates, both, **limits)
    yield Pair("newest 50, as records", lambda: view.limit(50).aslist(), newest, **limits)
    yield Pair(f"all {total} as Records", view.aslist, by_hand(path, STATES), rounds=3, reach=3)
    yield from summaries(view)
    yield from others(view)


def summaries(view: Any) -> Iterator[Pair]:
    """The floor knows all facts already, as lists, and makes the same texts of them."""
    import pandas as pd

    part = view.limit(10_000).list
    labels = [record.label for record in part]
    reasons = [record.reason for record in part]
    outcomes = [record.outcome for record in part]
    tags = [record.tags for record in part]
    files = [record.main_file for record in part]
    durations = [record.duration for record in part]

    def build() -> Any:
        columns = {
            "# records": [1] * len(labels),
            "reason": ["\n".join(lines)[:50] for lines in reasons],
            "outcome": [text[:50] for text in outcomes],
            "tags": [", ".join(words) for words in tags],
            "main_file": [text[-50:] for text in files],
            "avg\n. duration": [
                f"{s // 3600}h {s // 60 % 60:02d}m {s % 60:02d}s" for s in map(round, durations)
            ],
        }
        return pd.DataFrame(columns, index=pd.Index(labels, dtype=object), dtype=object)

    assert build().sort_index().equals(part.summary.dataframe().sort_index())
    what = f"summary.dataframe of {len(labels):,} listed records"
    yield Pair(what, part.summary.dataframe, build, rounds=7, reach=2)


def others(view: Any) -> Iterator[Pair]:
    """Calls without a floor: what people wait for."""
    yield Pair("get by id", lambda: view.get("20200126T0001230000123"))
    yield Pair("tags(finished), counted", lambda: len(view.filter.tags("finished")))
    yield Pair("reason, labels", lambda: view.filter.reason("number 77.").labels())
    yield Pair("filter string", lambda: view.filter("model.mu > 0.999").labels())
    yield Pair("summary.merged.tail(15)", lambda: view.summary.merged.tail(15).dataframe())
