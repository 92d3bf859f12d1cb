from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from whence.store import Store
from whence.testing.point import points


def _record(root: Path, who: int, count: int) -> str:
    store = Store.open(root)
    for number in range(count):
        store.writer().append("set", f"r{who}-{number}", {"f": {"params": {"x": number}}})
        store.writer().append("tags", "both", {"add": [f"{who}-{number}"]})
        store.writer().metrics("both", number, 0.0, 0.0, {"y": 1.0})
        store.writer().put(b"%d" % number)
        if number % 50 == 0:
            store.index()
    return store.writer().id


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_processes_record_at_once(store: Store, method: str) -> None:
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        done = [pool.submit(_record, store.root, who, 100) for who in range(4)]
        for future in done:
            future.result()
    index = store.index()
    assert len(index.ids()) == 401
    assert len(index.state("both")["tags"]) == 400
    assert sum(1 for _ in points(store, "both")) == 400
    report = store.verify()
    assert (report.corrupt, report.unended) == ([], [])


def test_threads_record_at_once_with_one_writer(store: Store) -> None:
    def record(who: int) -> None:
        for number in range(200):
            store.writer().append("tags", "r", {"add": [f"{who}-{number}"]})
            store.writer().metrics("r", number, 0.0, 0.0, {"y": float(who)})
            store.writer().put(b"%d-%d" % (who, number % 7))
            if number % 40 == 0:
                store.index()

    threads = [threading.Thread(target=record, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list((store.root / "journals").glob("*/*"))) == 2
    assert len(store.index().state("r")["tags"]) == 800
    assert sum(1 for _ in points(store, "r")) == 800
    store.writer().close()
    report = store.verify()
    assert (report.corrupt, report.packed) == ([], 28)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_is_another_writer(store: Store) -> None:
    writer = store.writer()
    writer.append("set", "r", {"f": {"a": 1}})
    store.index()
    parent = writer.id
    child = os.fork()
    if child == 0:
        code = 1
        try:
            writer.append("set", "r", {"f": {"b": 2}})
            writer.put(b"of the child")
            state = store.index().state("r")
            writer.close()
            code = 0 if writer.id != parent and state["a"] == 1 and state["b"] == 2 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    writer.append("set", "r", {"f": {"c": 3}})
    assert writer.id == parent
    state = store.index().state("r")
    assert (state["a"], state["b"], state["c"]) == (1, 2, 3)
    writer.close()
    assert store.verify().corrupt == []
    assert len(list((store.root / "journals").glob("*/*.jsonl"))) == 2


def test_a_process_that_just_ends_leaves_its_closing_line(store: Store) -> None:
    code = (
        "import sys; from whence.store import Store; "
        "Store.open(sys.argv[1]).writer().append('set', 'r', {'f': {}})"
    )
    import subprocess
    import sys

    subprocess.run([sys.executable, "-c", code, str(store.root)], check=True)
    assert store.verify().unended == []
    assert store.index().ids() == ["r"]
