"""The format as it is written down: the reader in the documentation agrees with ours."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from whence.store import Store, collect
from whence.testing.fault import FaultyFiles

_DOCUMENT = Path(__file__).parents[2] / "docs/store-format.md"


@pytest.fixture(scope="module")
def documented() -> dict[str, Any]:
    (code,) = re.findall(r"```python\n(.*?)```", _DOCUMENT.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    return names


def test_the_documented_reader_reads_what_we_write(
    faulty: tuple[Store, FaultyFiles], documented: dict[str, Any]
) -> None:
    store, files = faulty
    other = Store.open(store.root)
    for number in range(20):
        writer = (store if number % 2 else other).writer()
        run = f"r{number % 3}"
        writer.append("set", run, {"f": {"name": f"n{number}", "params": {"x": number}}})
        writer.append("tags", run, {"add": [f"t{number}"], "remove": [f"t{number - 3}"]})
        writer.append("meta", run, {"m": {f"k{number % 2}": number}})
        files.room = 30 if number == 5 else None
        if number == 5:
            with pytest.raises(Exception, match="No space left"):
                writer.append("tags", run, {"add": ["lost"]})
            files.room = None
    store.writer().append("delete", "r2", {})
    store.writer().append("set", "gone", {"f": {"name": "x"}})
    store.writer().append("tombstone", "gone", {})
    store.writer().append("something new", "r0", {"x": 1})
    for path in store.root.glob("journals/*/*.jsonl"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 4
        path.write_bytes(data)
    read = documented["read_store"](store.root)
    index = store.index()
    assert read.keys() == {"r0", "r1", "r2", "gone"}
    assert (read["gone"]["deleted"], "name" in read["gone"]) == (True, False)
    for run, thing in read.items():
        state = index.state(run)
        assert sorted(thing.pop("tags")) == state["tags"]
        assert {name: state[name] for name in thing} == thing
    store.writer().close()


def test_the_documented_reader_reads_what_is_folded(
    tmp_path: Path, documented: dict[str, Any]
) -> None:
    Store.create(tmp_path)
    for number in range(4):
        store = Store.open(tmp_path)
        store.writer().append("set", f"r{number % 2}", {"f": {f"a{number}": number}})
        store.writer().append("something new", f"r{number % 2}", {"x": number})
        store.writer().close()
    before = documented["read_store"](tmp_path / ".whence")
    later = Store.open(tmp_path, clock=lambda: time.time() + 30 * 86400)
    assert len(collect(later, act=True).plan.journals) == 4
    assert len(list(tmp_path.glob(".whence/journals/*/*"))) == 1
    assert documented["read_store"](tmp_path / ".whence") == before
    assert later.verify().unknown == 4


@pytest.mark.parametrize("pattern", ["journals/*/*", "objects/*/*", "packs/*/*"])
def test_what_is_written_lies_where_the_format_says(store: Store, pattern: str) -> None:
    writer = store.writer()
    writer.append("set", "r", {"f": {}})
    writer.metrics("r", 1, 0.0, 0.0, {"x": 1.0})
    writer.put(b"x")
    writer.put(b"x" * 65536)
    writer.close()
    known = re.compile(
        r"(journals/\d{4}-\d\d-\d\d/\w{22}(\.metrics)?\.jsonl"
        r"|objects/[0-9a-f]{2}/[0-9a-f]{62}|packs/\d{4}-\d\d-\d\d/\w{22}\.pack)"
    )
    found = [str(path.relative_to(store.root)) for path in store.root.glob(pattern)]
    assert found
    assert all(known.fullmatch(name) for name in found)


def test_a_line_is_byte_for_byte_what_it_was(store: Store) -> None:
    """A golden file: whoever changes the format must change this on purpose."""
    import zlib

    now = 1795227477.361412
    fixed = Store.open(store.root, clock=lambda: now)
    fixed.writer().append("set", "r", {"f": {"name": "é", "x": {"$float": "nan"}}})
    fixed.writer().metrics("r", 2, 0.5, now, {"loss": 0.25})
    main, points = (
        next(store.root.glob(f"journals/2026-11-21/{fixed.writer().id}{ending}")).read_bytes()
        for ending in (".jsonl", ".metrics.jsonl")
    )
    head, line = main.split(b"\n")[:2]
    body = (
        '{"n":1,"lc":1795227477361413,"t":1795227477.361412,"op":"set","of":"r",'
        '"f":{"name":"é","x":{"$float":"nan"}}'
    ).encode()
    before = int(head[-10:-2], 16)
    assert zlib.crc32(head[:-18]) == before
    assert line == body + b',"crc":"%08x"}' % zlib.crc32(body, before)
    assert points.split(b"\n")[1].startswith(
        b'{"n":1,"run":"r","s":2,"w":0.5,"t":1795227477.361412,"v":{"loss":0.25},"crc":"'
    )
    fixed.writer().close()
