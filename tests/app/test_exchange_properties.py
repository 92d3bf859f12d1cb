"""Laws of exchange: what arrives is what was sent, in whatever order and however often."""

import io
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whence.app import Workspace, export_records, import_records
from whence.records import Records
from whence.store import Store
from whence.store.fact import wrong_in
from whence.testing.record import operations

RUN = "20261121T021757abcdefg"
BEGIN = ("set", {"f": {"name": "run", "status": "completed", "params": {"x": 1}}})


def readable(operation):
    """Without fields of types that no writer gives them."""
    op, facts = operation
    free = {name: value for name, value in facts.get("f", {}).items() if name in ("x y", "ü")}
    return op, {**facts, "f": free} if op == "set" else facts


def whole(operation):
    """Whether a writer could have said it, as all that is imported must be."""
    op, facts = operation
    return op != "delete" and wrong_in({"op": op, **facts}) is None


WRITES = st.lists(operations().map(readable).filter(whole), max_size=6)
GENTLE = settings(deadline=None, max_examples=12, suppress_health_check=list(HealthCheck))


@contextmanager
def two():
    """Two empty stores, and a folder for files."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        found = []
        for name in "ab":
            store = Store.create(Path(folder, name))
            stack.callback(store.writer().close)
            found.append(Workspace(store.project, store))
        yield *found, Path(folder)


def write(workspace, writes):
    for op, facts in writes:
        workspace.store.writer().append(op, RUN, facts)


def send(source, target, folder, *, times=1):
    out = io.BytesIO()
    export_records(source, [RUN], out)
    file = folder / "x.jsonl"
    file.write_bytes(out.getvalue())
    return [import_records(target, file) for _ in range(times)]


def state(workspace):
    return dict(Records(workspace.store).get(RUN).state)


@GENTLE
@given(WRITES)
def test_what_arrives_is_what_was_sent(writes):
    with two() as (here, there, folder):
        write(here, [BEGIN, *writes])
        first, again = send(here, there, folder, times=2)
        assert (len(first.added), len(again.same)) == (1, 1)
        assert state(there) == state(here)


@GENTLE
@given(WRITES, WRITES)
def test_two_stores_that_exchange_agree(left, right):
    with two() as (a, b, folder):
        write(a, [BEGIN])
        send(a, b, folder)
        write(a, left)
        write(b, right)
        send(a, b, folder)
        send(b, a, folder)
        assert state(a) == state(b)
