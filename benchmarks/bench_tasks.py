"""What it costs to call a task again: in a large project, and where it names a large array."""

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from pair import Pair

MODULES = int(os.environ.get("WHENCE_BENCH_MODULES", "300"))
NUMBERS = int(os.environ.get("WHENCE_BENCH_NUMBERS", "20000000"))
FUNCTIONS = "".join(f"def f{n}(x):\n    return x + {n}\n\n\n" for n in range(20))
WORK = """
import numpy as np
from parts import part0

big = np.random.default_rng(1).random({numbers})


def work(x: int) -> int:
    return part0.f1(x)


def pick(x: int) -> float:
    return float(big[x])
"""


def project(folder: Path) -> list[Path]:
    parts = folder / "parts"
    parts.mkdir(parents=True)
    (parts / "__init__.py").write_text("")
    for number in range(MODULES):
        below = {2 * number + 1, 2 * number + 2, number + 5} & set(range(MODULES))
        imports = "".join(f"from parts import part{n}\n" for n in sorted(below))
        (parts / f"part{number}.py").write_text(f"import os\n{imports}\n\n{FUNCTIONS}")
    (folder / "work.py").write_text(WORK.format(numbers=NUMBERS))
    return [*parts.iterdir(), folder / "work.py"]


def pairs() -> Iterator[Pair]:
    from whence.store import Store
    from whence.tasks import MemoizedTask, RecordedTask

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "project")
        files = project(folder)
        sys.path.insert(0, str(folder))
        import work  # type: ignore[import-not-found]

        store = Store.create(folder)
        time.sleep(2.1)  # younger files and folders are looked into, for their times do not tell
        recorded = RecordedTask(work.work, store)
        numbers = count()

        def stats() -> None:
            for file in files:
                os.stat(file)

        what = f"a recorded task of {MODULES} modules"
        yield Pair(f"{what}, found", lambda: recorded(-1), stats, within=5e-3)
        yield Pair(f"{what}, run", lambda: recorded(next(numbers)), stats)
        memoized, picked = MemoizedTask(work.work), MemoizedTask(work.pick)
        what = f"a memoized task of {MODULES} modules, found"
        yield Pair(what, lambda: memoized(1), stats, within=2e-3)

        def digest() -> None:
            hashlib.sha256(work.big.data).hexdigest()

        what = f"the same with an array of {NUMBERS // 125_000} MB"
        yield Pair(what, lambda: picked(1), digest, reach=1.1)
        sys.path.remove(str(folder))
        store.writer().close()
