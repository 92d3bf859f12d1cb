"""What recording costs while a simulation runs: one line of a journal, and one metric point."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from pair import Pair

LINES = 20_000


def writing(file: Path, line: bytes) -> Callable[[], object]:
    """The floor: the same bytes with one `write` each, and no store."""

    def write() -> None:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for _ in range(LINES):
            os.write(descriptor, line)
        os.close(descriptor)

    return write


def pairs() -> Iterator[Pair]:
    from whence.base.clock import new_id
    from whence.store import Store

    with tempfile.TemporaryDirectory() as folder:
        writer = Store.create(Path(folder)).writer()
        run = new_id()
        facts = {"f": {"status": "running"}}

        def append() -> None:
            for _ in range(LINES):
                writer.append("set", run, facts)

        def log() -> None:
            for step in range(LINES):
                writer.metrics(run, step, 0.5, 1.7e9, {"loss": 0.25})

        for what, work, pattern, reach in (
            (f"append {LINES} journal lines", append, "*[!s].jsonl", None),
            (f"log {LINES} metric points of one value", log, "*.metrics.jsonl", 6),
        ):
            work()
            (journal,) = (Path(folder) / ".whence" / "journals").glob(f"*/{pattern}")
            line = journal.read_bytes().splitlines(keepends=True)[-1]
            floor = writing(Path(folder) / "floor.jsonl", line)
            yield Pair(what, work, floor, rounds=3, reach=reach)
        writer.close()
