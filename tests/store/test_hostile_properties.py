"""Whatever is written as a line of a journal, what reads a store goes on, and says so or not."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from whence.base.error import StoreError
from whence.store import Store, collect, merge, tables
from whence.store.line import seal

RUN, DIGEST = "20261121T021757abcdefg", "a" * 64
LONG_AGO = 1.7e9

words = ["", "x", RUN, DIGEST, "2026-11-21/w.pack", "2026-11-21/w.jsonl", "text/manifest", "pack"]
values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from([0, 1, -1, 2**63 - 1, 2**63, 2**64 - 1, 1e300, -1.5])
    | st.sampled_from(words),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "$int", "pid"]), inner, max_size=1)
    ),
    max_leaves=3,
)
operations = st.sampled_from(
    [
        "set",
        "meta",
        "tags",
        "artifact",
        "artifacts",
        "event",
        "alert",
        "out",
        "points",
        "metric",
        "tensor",
        "delete",
        "undelete",
        "tombstone",
        "version",
        "alias",
        "pack",
        "folded",
        "end",
        "head",
        "beat",
    ]
)
things = st.sampled_from([RUN, "c/a/v0~w", "c/a"])
likely: dict[str, st.SearchStrategy[Any]] = {
    "f": st.dictionaries(
        st.sampled_from(["created", "status", "params", "process", "folder_metadata"]), values
    ),
    "name": st.just("n"),
    "category": st.just("output"),
    "digest": st.just(DIGEST),
    "pack": st.just("2026-11-21/w.pack"),
    "offset": st.just(0),
    "length": st.just(4),
    "size": st.just(4),
    "file": st.just("2026-11-21/w.jsonl"),
    "into": st.just(["2026-11-21/v.jsonl"]),
    "add": st.lists(values, max_size=2),
    "m": st.dictionaries(st.just("a"), values),
    "alert": st.just("a"),
    "facts": st.dictionaries(st.sampled_from(["name", "status", "deleted"]), values),
    "alias": st.just("best"),
    "number": st.just(0),
    "lead": st.just("c/a/v0/"),
    "types": st.just(["text/csv"]),
    "files": st.lists(st.lists(values, min_size=4, max_size=4), max_size=2),
}
facts = st.fixed_dictionaries(
    {}, optional={name: told | values for name, told in likely.items()} | {"kept": values}
)
lines = st.builds(
    lambda told, frame, odd: {**told, **frame, **odd},
    facts,
    st.fixed_dictionaries({"op": operations}, optional={"of": things}),
    st.dictionaries(
        st.sampled_from(["n", "lc", "t", "op", "of", "by", "last", "run"]), values, max_size=1
    ),
)
points = st.fixed_dictionaries(
    {}, optional={name: values | st.just(RUN) for name in ("run", "s", "w", "t", "n", "by", "op")}
) | st.builds(lambda told: {"run": RUN, "v": told}, values | st.just({"loss": 1.0}))


def write(path: Path, told: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    check, data = 0, b""
    for number, line in enumerate(told):
        whole = {"n": number, "lc": 10**15 + number, "t": LONG_AGO, **line}
        row, check = seal(orjson.dumps(whole)[:-1], check)
        data += row
    path.write_bytes(data)
    os.utime(path, (LONG_AGO, LONG_AGO))


@settings(max_examples=30, deadline=None)
@given(st.lists(lines, min_size=1, max_size=6), st.lists(points, max_size=3))
@example([{"op": "artifact", "of": RUN, "name": "n", "category": "output", "digest": DIGEST,
           "size": 2**63}], [])  # fmt: skip
@example([{"op": "set", "of": RUN, "t": 2**64 - 1}], [])
@example([{"op": {}, "of": "c/a/v0~w"}], [])
@example([{"op": "alias", "of": "c/a", "alias": "best", "number": 2**63}], [])
@example([{"op": "folded", "file": "2026-11-21/w.jsonl", "size": 4, "into": [{}]}], [])
@example([{"op": "pack", "digest": DIGEST, "pack": "2026-11-21/w.pack", "offset": 0}], [])
@example([{"op": "beat"}], [{"run": {}, "v": {"loss": 1.0}, "crc": ""}])
def test_no_line_stops_a_reader(told: list[dict[str, Any]], measured: list[dict[str, Any]]) -> None:
    folder = tempfile.mkdtemp()
    try:
        store, other = Store.create(f"{folder}/a"), Store.create(f"{folder}/b")
        path = store.root / "journals/2026-11-21" / f"{RUN}.jsonl"
        write(path, [{"op": "points", "of": RUN}, *told])
        write(path.with_suffix(".metrics.jsonl"), measured)
        assert store.index().state(RUN)["id"] == RUN
        list(store.lines(RUN))
        tables(store, RUN)
        with pytest.raises(StoreError):
            store.get(DIGEST)
        store.verify()
        merge(other, store, thorough=True)
        collect(store, act=True)
        store.verify()
        assert store.index().ids() is not None
        for one in (store, other):
            one.index().close()
    finally:
        shutil.rmtree(folder)
