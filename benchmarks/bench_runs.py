"""What it costs to put runs on record: the first of a process, later ones, a thousand of them."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from pair import Pair

FILES = int(os.environ.get("WHENCE_BENCH_FILES", "2000"))
DISTRIBUTIONS = 150
RUNS = int(os.environ.get("WHENCE_BENCH_RUNS", "1000"))
BEFORE = int(os.environ.get("WHENCE_BENCH_BEFORE", "100000"))
STATUS = ("status", "--porcelain=v2", "--branch", "--untracked-files=no")


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=n@example.org")
    command = ["git", "--no-optional-locks", *identity, *words]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def repository(folder: Path) -> Path:
    folder.mkdir()
    for number in range(FILES):
        file = folder / f"part{number % 40}" / f"file{number}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{number}\n" * 20)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    (folder / "part0" / "file0.txt").write_text("changed\n")
    return folder


def distributions(folder: Path) -> Path:
    for number in range(DISTRIBUTIONS):
        (folder / f"package{number}-1.{number}.dist-info").mkdir(parents=True)
    return folder


def forget() -> None:
    """Have the next run be like the first of a process."""
    from whence.runs import capture, environment, git, late

    capture._MEMO = capture._Memo()
    git._ANSWERS = git._Answers()
    late._MEMO = late._Memo()
    environment.environment_bytes.cache_clear()


def pairs() -> Iterator[Pair]:
    from whence.runs import Run
    from whence.store import Store

    with tempfile.TemporaryDirectory() as place:
        folder = repository(Path(place, "repository"))
        store = Store.create(folder)
        sys.path.append(str(distributions(Path(place, "site"))))
        before = Path.cwd()
        os.chdir(folder)
        parameters = {f"p{i}": i * 0.1 for i in range(10)}

        def one() -> None:
            Run(store).init("one", parameters=parameters).close()

        def first() -> None:
            forget()
            one()

        what = f"first run, {FILES} files in git, {DISTRIBUTIONS} distributions"
        yield Pair(what, first, lambda: git(folder, *STATUS), within=60e-3)
        yield Pair("a later run", one, within=5e-3)

        turns = count()
        line = b"x" * 250

        def floor() -> None:
            inner = Path(place, f"floor{next(turns)}")
            inner.mkdir()
            for number in range(RUNS):
                descriptor = os.open(inner / str(number), os.O_WRONLY | os.O_CREAT)
                for _ in range(5):
                    os.write(descriptor, line)
                os.close(descriptor)

        def ours() -> None:
            for _ in range(RUNS):
                one()

        yield Pair(f"{RUNS} runs", ours, floor, rounds=3, within=RUNS * 0.25e-3)
        for _ in range(BEFORE):
            one()
        what = f"{RUNS} runs after {BEFORE} in this process"
        yield Pair(what, ours, floor, rounds=3, within=RUNS * 0.25e-3)
        files = [file.name for file in store.root.glob("*/????-??-??/*") if file.is_file()]
        print(f"{len(files)} files in the store: {', '.join(sorted(files))}", file=sys.stderr)
        silent = Run(mode="disabled")

        def nothing() -> None:
            for _ in range(RUNS):
                silent.log_metrics({"e": 1.0})

        def call() -> None:
            for _ in range(RUNS):
                floor_call({"e": 1.0})

        floor_call = dict  # one call with a mapping is the least there is
        yield Pair(f"{RUNS} metrics of a disabled run", nothing, call)
        os.chdir(before)
        store.writer().close()
