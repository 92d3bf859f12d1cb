"""What metrics cost: a call that logs some, and reading a million points back.

`WHENCE_BENCH_SCALE=0.1` takes a tenth of the calls and points.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from pair import Pair

SCALE = float(os.environ.get("WHENCE_BENCH_SCALE", "1"))
CALLS = round(100_000 * SCALE)
POINTS = round(1_000_000 * SCALE)


def written(file: Path, lines: list[bytes]) -> Callable[[], object]:
    """The floor of logging: the same lines with one `write` each, and no store."""

    def write() -> None:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for line in lines:
            os.write(descriptor, line)
        os.close(descriptor)

    return write


def logging(folder: Path) -> Iterator[Pair]:
    from whence.runs import Run
    from whence.store import Store

    for count, reach, within in ((1, 6.0, 3e-6 * CALLS), (10, 8.0, None)):
        store = Store.create(folder / f"logging{count}")
        run = Run(store)
        run.config(disable_resources_metrics=True)
        run.init("bench")
        values = {f"metric{i}": (i + 1) / 3 for i in range(count)}

        def log(run: Run = run, values: dict[str, float] = values) -> None:
            for _ in range(CALLS):
                run.log_metrics(values)

        log()
        journals = sorted((store.root / "journals").glob("*/*.metrics.jsonl"))
        lines = [line for path in journals for line in path.open("rb")][1 : CALLS + 1]
        what = f"log_metrics, {CALLS} calls of {count} value{'s' if count > 1 else ''}"
        floor = written(folder / "floor.jsonl", lines)
        yield Pair(what, log, floor, rounds=5, reach=reach, within=within)
        run.close()
        store.writer().close()


def reading(folder: Path) -> Iterator[Pair]:
    import pyarrow.parquet

    from whence.base.clock import new_id
    from whence.records.metric import Metrics
    from whence.store import Store, cache_folder

    store = Store.create(folder / "reading")
    run = new_id()
    store.writer().append("set", run, {"f": {"name": "bench"}})
    for step in range(POINTS):
        time = step * 0.00123
        store.writer().metrics(run, step, time, 1.7e9 + time, {"loss": 1 / (step + 3)})
    store.writer().close()
    columns = cache_folder(store.root).path / "metrics"

    def first() -> None:
        shutil.rmtree(columns, ignore_errors=True)
        Metrics(store, run).frame()

    table = folder / "floor.parquet"
    Metrics(store, run).frame().to_parquet(table)
    what = f"{POINTS} points as a DataFrame"
    yield Pair(f"{what}, the first time", first, rounds=3, within=2.5 * SCALE)
    yield Pair(
        f"{what}, from then on",
        lambda: Metrics(store, run).frame(),
        lambda: pyarrow.parquet.read_table(table).to_pandas(),
        rounds=15,
        reach=1.5,
    )


def pairs() -> Iterator[Pair]:
    with tempfile.TemporaryDirectory() as folder:
        yield from logging(Path(folder))
        yield from reading(Path(folder))
