"""What saving files to a run and getting them back costs, beside doing it by hand.

`WHENCE_BENCH_SCALE=0.1` makes the file and the folder ten times smaller.
"""

import contextlib
import functools
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from pair import Pair

SCALE = float(os.environ.get("WHENCE_BENCH_SCALE", "1"))
BIG = int(1e9 * SCALE)
FILES = int(5000 * SCALE)
FILE = 10_000
SMALL_FILES = int(20_000 * SCALE)
SMALL_FILE = 1000
PIECE = 1 << 20


def hashed(path: str, target: str | None = None, sync: bool = False) -> str:
    """The floor: read once, SHA-256, and write once if there is a target, to the disk if wanted."""
    sha = hashlib.sha256()
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(open(path, "rb", buffering=0))
        copy = stack.enter_context(open(target, "wb", buffering=0)) if target else None
        while piece := source.read(PIECE):
            sha.update(piece)
            if copy is not None:
                copy.write(piece)
        if copy is not None and sync:
            os.fsync(copy.fileno())
    return sha.hexdigest()


def renewing(folder: Path, work: Callable[[Path], object]) -> Callable[[], object]:
    """Work in a new folder each time; the last one is taken away first."""
    numbers = count()

    def renewed() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        inner = folder / str(next(numbers))
        inner.mkdir(parents=True)
        work(inner)

    return renewed


def saving(folder: Path, work: Callable[[Any], object], sync: bool = False) -> Callable[[], object]:
    """Work for a run in a new store each time; waits for the disk only if wanted."""
    from whence.artifacts import Owner
    from whence.base.clock import new_id
    from whence.store import Files, Store

    class Unsynced(Files):
        def sync(self, fd: int) -> None:
            pass

    stores: list[Store] = []

    def close() -> None:
        while stores:
            stores.pop().writer().close()

    def save(inner: Path) -> None:
        Store.create(inner)
        stores.append(Store.open(inner, files=Files if sync else Unsynced))
        work(Owner(stores[-1], new_id()))
        if sync:
            stores[-1].writer().sync()

    renewed = renewing(folder, save)

    def closed() -> None:
        close()
        renewed()

    closed.close = close  # type: ignore[attr-defined]
    return closed


def shares_blocks(root: Path) -> bool:
    """Whether the file system gives two files the same blocks (reflink)."""
    from whence.store import Files

    with (root / "source").open("w+b") as source, (root / "target").open("wb") as target:
        source.write(b"x")
        source.flush()
        return Files().clone(source.fileno(), target.fileno())


def big(root: Path) -> Iterator[Pair]:
    from whence.artifacts import Deposit, Owner, save_file
    from whence.base.clock import new_id
    from whence.store import Store

    source = root / "big"
    with source.open("wb") as file:
        for _ in range(BIG // PIECE):
            file.write(os.urandom(PIECE))
    time.sleep(2.5)  # a file that was just written is not trusted to hold still
    deposit = Deposit(source, mode="copy")
    ours = saving(root / "ours", lambda owner: save_file(owner, deposit))
    floor = renewing(root / "floor", lambda folder: hashed(str(source), str(folder / "copy")))
    what = f"of {BIG / 1e6:.0f} MB"
    yield Pair(f"save a file {what}", ours, floor, rounds=5, reach=1.1)
    ours.close()
    # Into memory a file is written at a tenth of what its hash costs: blocks that are shared
    # instead spare the disk.
    ours = saving(root / "ours", lambda owner: save_file(owner, deposit), sync=True)
    target = functools.partial(hashed, str(source), sync=True)
    floor = renewing(root / "floor", lambda folder: target(str(folder / "copy")))
    reach = 0.7 if shares_blocks(root) else 1.1
    yield Pair(f"save a file {what}, to the disk", ours, floor, rounds=5, reach=reach)
    ours.close()
    owner = Owner(Store.create(root / "again"), new_id())
    yield Pair(
        f"save a file {what} again",
        lambda: save_file(owner, deposit),
        lambda: hashed(str(source)),
        rounds=5,
        reach=1.1,
    )
    owner.store.writer().close()


def many(root: Path) -> Iterator[Pair]:
    from whence.app.client import Client
    from whence.artifacts import Label, Manner, Owner, save_directory
    from whence.base.clock import new_id
    from whence.store import Store

    source = root / "folder"
    source.mkdir()
    for number in range(FILES):
        (source / f"part{number:05d}.dat").write_bytes(os.urandom(FILE))
    names = [(entry.path, entry.name) for entry in os.scandir(source)]

    def by_hand(folder: Path) -> None:
        for path, name in names:
            hashed(path, str(folder / name))

    manner = Manner(Label())
    ours = saving(root / "ours", lambda owner: save_directory(owner, source, manner))
    floor = renewing(root / "floor", by_hand)
    what = f"{FILES} files of {FILE / 1000:.0f} kB"
    yield Pair(f"save {what} as a directory", ours, floor, rounds=5, reach=0.6)
    ours.close()
    owner = Owner(Store.create(root / "again"), new_id())
    before = files_in(owner.store.root)
    save_directory(owner, source, manner)
    made = files_in(owner.store.root) - before
    assert made <= 10, f"{made} new files in the store"
    client, there = Client(owner.store), root / "there"
    client.get_artifacts_as_files(owner.run, path=there)

    def look() -> None:
        for path, _ in names:
            os.stat(path)
            hashed(path)

    yield Pair(
        f"get {what} again that are there",
        lambda: client.get_artifacts_as_files(owner.run, path=there),
        look,
        reach=1.3,
    )
    yield Pair(
        f"get {what}",
        renewing(root / "ours", lambda to: client.get_artifacts_as_files(owner.run, path=to)),
        floor,
        rounds=5,
    )
    owner.store.writer().close()


def version(root: Path) -> Iterator[Pair]:
    """A version of many small files, brought by a run each time, so that it is an input of it."""
    from whence import ArtifactManager, FolderBackend, Run, StoreBackend
    from whence.store import Store

    source = root / "small"
    source.mkdir()
    for number in range(SMALL_FILES):
        (source / f"part{number:05d}").write_bytes(os.urandom(SMALL_FILE))
    names = [(entry.path, entry.name) for entry in os.scandir(source)]

    def by_hand(folder: Path) -> None:
        for path, name in names:
            with open(path, "rb") as file:
                data = file.read()
            hashlib.sha256(data).hexdigest()
            with open(folder / name, "wb") as file:
                file.write(data)

    store = Store.create(root / "versions")
    with Run(store).init("use") as run:
        for kind, make in (
            ("store", lambda: StoreBackend(store, run=run)),
            ("folder", lambda: FolderBackend(root / "shelf")),
        ):
            ArtifactManager("c", make()).log_files("mesh", source)
            yield Pair(
                f"get a version of {SMALL_FILES} files of 1 kB, {kind}",
                renewing(
                    root / "ours",
                    lambda to, make=make: ArtifactManager("c", make()).download_artifact(
                        "mesh", to=to
                    ),
                ),
                renewing(root / "floor", by_hand),
                rounds=5,
                within=3,
            )
    store.writer().close()


def files_in(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file())


def pairs() -> Iterator[Pair]:
    cache = os.environ.get("WHENCE_CACHE")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        os.environ["WHENCE_CACHE"] = str(root / "cache")
        (root / "cache").mkdir()
        try:
            yield from big(root)
            (root / "big").unlink()
            yield from many(root)
            yield from version(root)
        finally:
            os.environ.pop("WHENCE_CACHE")
            if cache is not None:
                os.environ["WHENCE_CACHE"] = cache
